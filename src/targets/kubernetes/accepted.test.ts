import { expect, test } from "vitest";
import { GATEWAY, group, intentOf, settings, traffic, workload } from "../../../test/fixtures/intents/cluster.js";
import { WindlassError } from "../../error.js";
import type { KubernetesObject } from "../../render/kubernetes/object.js";
import { Accepted } from "./accepted.js";
import type { Cluster } from "./cluster.js";

const HERE = settings(GATEWAY);
const intent = (release: string) =>
  intentOf(HERE, { web: { groups: { r1: group("r1", workload("web", release)) }, traffic: traffic({ r1: 100 }) } });

/** One namespace of an API server, and the record in it. `loseAnswer`: the next write arrives, and nobody hears of it. */
class Server {
  record: KubernetesObject | null = null;
  loseAnswer = false;
  writes = 0;

  get cluster(): Cluster {
    const missing = new WindlassError("kubernetes-not-found", "the namespace is not there");
    const client = {
      get: async ({ kind }: { kind: string }) => (kind === "ConfigMap" ? this.record : { metadata: { name: "x" } }),
      create: async (object: KubernetesObject) => {
        if (this.record !== null) throw new WindlassError("kubernetes-conflict", "it is there already");
        return this.#write(object);
      },
      replace: async (object: KubernetesObject) => {
        if (this.record === null) throw missing;
        if (object.metadata.resourceVersion !== this.record.metadata.resourceVersion)
          throw new WindlassError("kubernetes-conflict", "somebody else wrote");
        return this.#write(object);
      },
    };
    return { isOpen: () => true, client } as unknown as Cluster;
  }

  #write(object: KubernetesObject): KubernetesObject {
    this.writes++;
    this.record = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.writes) } };
    if (this.loseAnswer) {
      this.loseAnswer = false;
      throw new WindlassError("kubernetes-unreachable", "the connection was cut", { retry: "safe" });
    }
    return this.record;
  }
}

async function acceptedOn(server: Server, gone = () => {}): Promise<Accepted> {
  const accepted = new Accepted({ key: "shop/production", cluster: server.cluster, settings: HERE, gone });
  await accepted.load();
  return accepted;
}

test("an intent is accepted once, and an older one changes nothing", async () => {
  const server = new Server();
  const accepted = await acceptedOn(server);
  expect(await accepted.accept({ term: 1, revision: 2, intent: intent("2") }, false)).toBe(true);
  expect(await accepted.accept({ term: 1, revision: 2, intent: intent("2") }, false)).toBe(false);
  expect(await accepted.accept({ term: 1, revision: 1, intent: intent("1") }, false)).toBe(false);
  expect(server.writes).toBe(1);
  expect(accepted.last?.revision).toBe(2);
});

test("a write that arrived, and whose answer was lost, is still to be made so when it is told again", async () => {
  const server = new Server();
  const accepted = await acceptedOn(server);
  await accepted.accept({ term: 1, revision: 1, intent: intent("1") }, false);
  const next = { term: 1, revision: 2, intent: intent("2") };
  server.loseAnswer = true;
  await expect(accepted.accept(next, false)).rejects.toThrow("the connection was cut");
  expect(accepted.last?.revision).toBe(1);
  expect(await accepted.accept(next, false)).toBe(true);
  expect(accepted.last).toMatchObject({ revision: 2, intent: next.intent });
  expect(server.writes).toBe(2);
});

test("who drives no longer is refused, and finds the intent of who does", async () => {
  const server = new Server();
  const [old, young] = [await acceptedOn(server), await acceptedOn(server)];
  await old.accept({ term: 1, revision: 1, intent: intent("1") }, false);
  await young.accept({ term: 2, revision: 1, intent: intent("2") }, false);
  const late = old.accept({ term: 1, revision: 2, intent: intent("1") }, false);
  await expect(late).rejects.toMatchObject({ code: "target-stale-term" });
  expect(old.last).toMatchObject({ term: 2 });
});

test("a record that went with its namespace is written anew", async () => {
  const server = new Server();
  let gone = 0;
  const accepted = await acceptedOn(server, () => gone++);
  await accepted.accept({ term: 1, revision: 1, intent: intent("1") }, false);
  server.record = null;
  expect(await accepted.accept({ term: 1, revision: 2, intent: intent("2") }, false)).toBe(true);
  expect({ gone, writes: server.writes }).toEqual({ gone: 1, writes: 2 });
});
