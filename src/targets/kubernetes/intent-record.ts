import { gunzipSync, gzipSync } from "node:zlib";
import type { EnvironmentKey, Intent } from "../../core/model/intent.js";
import { WindlassError } from "../../error.js";
import type { Application } from "../../ports/target.js";
import { ownerLabels } from "../../render/kubernetes/labels.js";
import type { KubernetesObject } from "../../render/kubernetes/object.js";
import type { Kubernetes, Reference } from "./client/api.js";
import { text } from "./seen/field.js";

export const RECORD_NAME = "windlass-intent";
const MANAGER = "windlass";
/** A ConfigMap holds 1 MiB. */
const LONGEST = 900_000;

export interface Recorded extends Application {
  readonly resourceVersion: string;
}

export const recordReference = (namespace: string): Reference => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  namespace,
  name: RECORD_NAME,
});

/** What was accepted last; null: nothing, or the namespace is not there. */
export async function readRecord(client: Kubernetes, namespace: string): Promise<Recorded | null> {
  const found = await client.get(recordReference(namespace));
  return found === null ? null : parse(found);
}

/**
 * Writes over what was read, and over nothing else: who comes second gets `kubernetes-conflict` and reads again. The
 * record is what makes an accepted intent durable, and what refuses a term that is over.
 */
export async function writeRecord(
  client: Kubernetes,
  namespace: string,
  environment: EnvironmentKey,
  application: Application,
  before: Recorded | null,
): Promise<Recorded> {
  const packed = gzipSync(JSON.stringify(application.intent)).toString("base64");
  if (packed.length > LONGEST)
    throw new WindlassError(
      "kubernetes-intent-too-large",
      `the intent of ${environment} takes ${packed.length} bytes`,
      {
        hint: `A ConfigMap holds ${LONGEST}; split the system.`,
      },
    );
  const object: KubernetesObject = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: RECORD_NAME,
      namespace,
      labels: ownerLabels(environment),
      ...(before !== null && { resourceVersion: before.resourceVersion }),
    },
    data: { term: String(application.term), revision: String(application.revision), intent: packed },
  };
  // Nothing of an intent is sent before its record, the weights of an abort neither.
  const how = {
    manager: MANAGER,
    urgent: before !== null && requestsIn(before.intent) !== requestsIn(application.intent),
  };
  const written = before === null ? await client.create(object, how) : await client.replace(object, how);
  return { ...application, resourceVersion: text(written, "metadata", "resourceVersion") ?? "" };
}

/** Where requests go, to be compared. */
function requestsIn({ services }: Intent): string {
  return JSON.stringify(
    Object.entries(services).map(([name, { traffic }]) => [name, traffic?.weights, traffic?.routes]),
  );
}

function parse(object: KubernetesObject): Recorded {
  const [term, revision] = [text(object, "data", "term"), text(object, "data", "revision")].map(Number);
  const packed = text(object, "data", "intent");
  const resourceVersion = text(object, "metadata", "resourceVersion") ?? "";
  try {
    if (packed === null || !Number.isSafeInteger(term) || !Number.isSafeInteger(revision))
      throw new Error("a part is missing");
    // Written by this very code; an older version's intent has fewer fields, all of them optional.
    const intent = JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString("utf8")) as Intent;
    return { term: term ?? 0, revision: revision ?? 0, intent, resourceVersion };
  } catch (cause) {
    throw new WindlassError("kubernetes-record", `${RECORD_NAME} in ${object.metadata.namespace} cannot be read`, {
      hint: "Somebody changed it; delete it, and what the ledger says is applied again.",
      cause,
    });
  }
}
