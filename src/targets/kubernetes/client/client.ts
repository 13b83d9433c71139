import { z } from "zod";
import { WindlassError } from "../../../error.js";
import type { Clock } from "../../../ports/clock.js";
import type { KubernetesObject } from "../../../render/kubernetes/object.js";
import type { ClusterAccess } from "./access/access.js";
import type { AccessQuestion, Kubernetes } from "./api.js";
import { Discovery } from "./discovery.js";
import { type InformerParts, openInformer } from "./follow/informer.js";
import { listPages } from "./follow/list.js";
import { isObject } from "./follow/watch.js";
import { called, groupOf, resourcePath } from "./kinds.js";
import { podLogs, proxied } from "./streams.js";
import { Counting } from "./wire/counting.js";
import { Deadlines } from "./wire/deadlines.js";
import { type Call, type Reply, Requests } from "./wire/requests.js";
import { parseStatus } from "./wire/status.js";
import { Turnstile } from "./wire/turnstile.js";
import { Wire } from "./wire/wire.js";
import { applyCall, createCall, deleteCall, isHeld, patchCall, replaceCall } from "./writes.js";

export interface ClientOptions {
  readonly clock: Clock;
  /** 0 to 1; only spreads repeats. */
  readonly random: () => number;
  /** For the server's audit log: `windlass/0.1.0`. */
  readonly userAgent: string;
  readonly limits?: Partial<ClientLimits>;
}

export interface ClientLimits {
  /** Deadline of a request with its repeats. */
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** How long a request may wait for others of ours before that. */
  readonly queueTimeoutMs: number;
  /** Requests at once; the server's own fairness counts them too. */
  readonly requestsAtOnce: number;
  readonly waitingRequests: number;
  /** Watches and logs at once. */
  readonly streamsAtOnce: number;
  readonly discoveryMs: number;
}

export const CLIENT_LIMITS: ClientLimits = {
  requestTimeoutMs: 30_000,
  queueTimeoutMs: 120_000,
  connectTimeoutMs: 5_000,
  requestsAtOnce: 16,
  waitingRequests: 20_000,
  streamsAtOnce: 512,
  discoveryMs: 600_000,
};

const reviewSchema = z.object({
  status: z.object({ allowed: z.boolean(), reason: z.string().optional(), evaluationError: z.string().optional() }),
});
const versionSchema = z.object({ gitVersion: z.string() });

/** A client of one cluster. Nothing is sent before the first call. */
export function openKubernetes(access: ClusterAccess, options: ClientOptions): Kubernetes {
  const limits = { ...CLIENT_LIMITS, ...options.limits };
  const { clock, random, userAgent } = options;
  const deadlines = new Deadlines();
  const counting = new Counting();
  const wireLimits = {
    connections: limits.requestsAtOnce,
    streams: limits.streamsAtOnce,
    connectMs: limits.connectTimeoutMs,
  };
  const wire = new Wire(access.server, access.tls, wireLimits, userAgent);
  const requests = new Requests({
    server: access.server,
    wire,
    credentials: access.credentials,
    turnstile: new Turnstile(limits.requestsAtOnce, limits.waitingRequests),
    counting,
    random,
    timeoutMs: limits.requestTimeoutMs,
    queueMs: limits.queueTimeoutMs,
    deadlines,
  });
  const discovery = new Discovery(requests, clock, limits.discoveryMs);
  const parts: InformerParts = { requests, discovery, clock, random };
  const informers = new Set<{ stop(): Promise<void> }>();

  const object = async (call: Call): Promise<KubernetesObject> => {
    const document = await requests.json(call);
    if (isObject(document)) return document;
    throw new WindlassError("kubernetes-refused", `${call.what}: the answer is no object`);
  };

  return {
    server: access.server,

    async get(reference, { subresource } = {}) {
      const resource = await discovery.need(reference);
      const part = subresource === undefined ? "" : `/${subresource}`;
      const path = `${resourcePath(resource, reference.namespace, reference.name)}${part}`;
      const call: Call = { verb: "get", what: `get ${called(reference)}`, method: "GET", path, idempotent: true };
      try {
        return await object(call);
      } catch (error) {
        if (error instanceof WindlassError && error.code === "kubernetes-not-found") return null;
        throw error;
      }
    },
    async *list(kind, selection = {}) {
      yield* listPages(requests, await discovery.need(kind), selection);
    },

    apply: async (body, write) => object(applyCall(await discovery.need(body), body, write)),
    create: async (body, write) => object(createCall(await discovery.need(body), body, write)),
    replace: async (body, write) => object(replaceCall(await discovery.need(body), body, write)),
    patch: async (reference, change, write) =>
      object(patchCall(await discovery.need(reference), reference, change, write)),
    async delete(reference, how = {}) {
      const call = deleteCall(await discovery.need(reference), reference, how);
      const absent = (reply: Reply) => reply.status === 404 && parseStatus(reply.text) !== null;
      const reply = await requests.text(call, absent);
      if (absent(reply)) return "absent";
      return isHeld(JSON.parse(reply.text)) ? "deleting" : "deleted";
    },

    informer(informing) {
      const informer = openInformer(parts, informing, () => informers.delete(informer));
      informers.add(informer);
      return informer;
    },
    logs: (logOptions, signal) => podLogs(requests, logOptions, signal),
    proxy: (request) => proxied(requests, request),
    resource: (kind) => discovery.find(kind),
    async can(question) {
      const call = reviewCall(question, (await discovery.need(question.kind)).plural);
      const { allowed, reason, evaluationError } = reviewSchema.parse(await requests.json(call)).status;
      return { allowed, reason: reason || evaluationError || "" };
    },
    async version() {
      const call = { verb: "discovery", what: "ask for the version", method: "GET", path: "/version" } as const;
      return versionSchema.parse(await requests.json({ ...call, idempotent: true, urgent: true })).gitVersion;
    },
    counts: () => counting.read(),
    async close() {
      const stopped = [...informers].map((informer) => informer.stop());
      deadlines.close();
      await Promise.all(stopped);
      await wire.close();
    },
  };
}

function reviewCall({ verb, kind, subresource, namespace, name }: AccessQuestion, plural: string): Call {
  const resourceAttributes = { verb, group: groupOf(kind.apiVersion), resource: plural, subresource, namespace, name };
  const body = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes },
  };
  const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  const what = `ask whether we may ${verb} ${kind.kind}`;
  return { verb: "review", what, method: "POST", path, body, idempotent: true };
}
