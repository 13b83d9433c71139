import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeApi, send, status } from "../../../../test/kubernetes/fake-api.js";
import { WindlassError } from "../../../error.js";
import { type Credentials, fixedCredentials, type Identity } from "./access/credentials.js";
import type { Kubernetes } from "./api.js";
import { type ClientLimits, openKubernetes } from "./client.js";

const SHOP = "/api/v1/namespaces/shop/configmaps";
const clock = { now: () => Math.floor(performance.now()), wall: () => Date.now() };
const manager = "windlass";
const map = (name: string, data = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "shop" },
  data,
});
const at = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", namespace: "shop", name });
const token = (value: string): Identity => ({ authorization: `Bearer ${value}`, certificate: null });

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 });

describe("a client of the Kubernetes API", () => {
  let api: FakeApi;
  const opened: Kubernetes[] = [];

  beforeEach(async () => {
    api = await FakeApi.start();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((client) => client.close()));
    await api.stop();
  });

  function open(limits: Partial<ClientLimits> = {}, credentials: Credentials = fixedCredentials(token("one"))) {
    const tls = { ca: null, insecure: false, serverName: null };
    const access = {
      server: `http://127.0.0.1:${api.port}`,
      namespace: "default",
      origin: "the test",
      tls,
      credentials,
    };
    const client = openKubernetes(access, { clock, random: () => 0, userAgent: "test", limits });
    opened.push(client);
    return client;
  }
  const answerFirst = (times: number, answer: (response: import("node:http").ServerResponse) => void) => {
    let left = times;
    api.interrupt = (_request, response) => {
      if (left-- <= 0) return false;
      answer(response);
      return true;
    };
  };

  it("applies, reads, changes and deletes", async () => {
    const client = open();
    await client.apply(map("a", { x: "1" }), { manager, force: true });
    expect(api.requests[0]).toBe(`PATCH ${SHOP}/a?fieldManager=windlass&force=true`);
    expect(await client.get(at("a"))).toMatchObject({ data: { x: "1" } });
    expect(await client.get(at("none"))).toBeNull();
    await client.patch(at("a"), { data: { x: "2" } }, { manager, dryRun: true });
    expect(api.requests.at(-1)).toBe(`PATCH ${SHOP}/a?fieldManager=windlass&dryRun=All`);
    expect(await client.delete(at("a"), { uid: "u" })).toBe("deleted");
    expect(await client.delete(at("a"))).toBe("absent");
    expect(client.counts()).toMatchObject({ apply: 1, get: 2, patch: 1, delete: 2, retries: 0 });
  });

  it("repeats what may be repeated when a server is busy, down or cut off", async () => {
    const client = open();
    answerFirst(1, (response) => send(response, 429, status(429, "TooManyRequests"), { "retry-after": "0" }));
    await client.create(map("a"), { manager });
    answerFirst(2, (response) => send(response, 503, status(503, "ServiceUnavailable")));
    await client.apply(map("a"), { manager, force: true });
    answerFirst(2, (response) => response.destroy());
    expect(await client.get(at("a"))).not.toBeNull();
    expect(client.counts()).toEqual({ ...client.counts(), create: 2, apply: 3, get: 3, retries: 5 });
  });

  it("creates once: what may have arrived is not sent again", async () => {
    const client = open();
    answerFirst(1, (response) => response.destroy());
    await expect(client.create(map("a"), { manager })).rejects.toMatchObject({ code: "kubernetes-unreachable" });
    answerFirst(1, (response) => send(response, 503, status(503, "ServiceUnavailable")));
    await expect(client.create(map("a"), { manager })).rejects.toMatchObject({ code: "kubernetes-unreachable" });
    expect(client.counts()).toMatchObject({ create: 2, retries: 0 });
  });

  it("gives up after some attempts, and at once when a server asks for more patience than there is", async () => {
    const client = open();
    api.interrupt = (_request, response) => {
      send(response, 503, status(503, "ServiceUnavailable", "", { retryAfterSeconds: 3_600 }));
      return true;
    };
    await expect(client.get(at("a"))).rejects.toMatchObject({ code: "kubernetes-unreachable", retry: "safe" });
    expect(client.counts().get).toBe(1);
  });

  it("never repeats a conflict", async () => {
    const client = open();
    const causes = [
      { reason: "FieldManagerConflict", message: 'conflict with "kubectl" using apps/v1', field: ".spec.replicas" },
    ];
    answerFirst(9, (response) => send(response, 409, status(409, "Conflict", "Apply failed", { causes })));
    await expect(client.apply(map("a"), { manager, force: false })).rejects.toMatchObject({
      code: "kubernetes-conflict",
      facts: { conflicts: [{ field: ".spec.replicas", manager: "kubectl" }] },
    });
    expect(client.counts().apply).toBe(1);
  });

  it("does not wait for ever", async () => {
    const client = open({ requestTimeoutMs: 50 });
    api.interrupt = () => true;
    await expect(client.get(at("a"))).rejects.toMatchObject({ code: "kubernetes-timeout" });
  });

  it("names the first failure, not the deadline that came after it", async () => {
    const client = open({ requestTimeoutMs: 2_000 });
    let first = true;
    api.interrupt = (_request, response) => {
      if (first) response.destroy();
      first = false;
      return true;
    };
    await expect(client.get(at("a"))).rejects.toMatchObject({ code: "kubernetes-unreachable" });
  });

  it("sends so many at once, urgent ones first, and lets no endless queue grow", async () => {
    const client = open({ requestsAtOnce: 1, waitingRequests: 2 });
    const open1: (() => void)[] = [];
    api.interrupt = (_request, response) => {
      open1.push(() => send(response, 200, { metadata: {} }));
      return true;
    };
    const order: string[] = [];
    const running = client.get(at("a")).then(() => order.push("running"));
    await eventually(() => expect(open1.length).toBe(1));
    const first = client.get(at("b")).then(() => order.push("first"));
    const second = client.get(at("c")).then(() => order.push("second"));
    const urgent = client.apply(map("d"), { manager, force: true, urgent: true }).then(() => order.push("urgent"));
    await expect(client.get(at("e"))).rejects.toMatchObject({ code: "kubernetes-busy" });
    for (let answered = 0; answered < 4; answered++) {
      await eventually(() => expect(open1.length).toBe(answered + 1));
      open1[answered]?.();
    }
    await Promise.all([running, first, second, urgent]);
    expect(order).toEqual(["running", "urgent", "first", "second"]);
  });

  it("renews a credential that is refused, once, and for all who wait for it", async () => {
    let current = token("old");
    let renewals = 0;
    const credentials: Credentials = {
      current: async () => current,
      async instead(refused) {
        if (current === refused) {
          renewals++;
          current = token("new");
        }
        return current;
      },
    };
    const client = open({}, credentials);
    api.put(SHOP, "a");
    api.interrupt = (request, response) => {
      if (request.headers.authorization === "Bearer new") return false;
      send(response, 401, status(401, "Unauthorized"));
      return true;
    };
    await Promise.all([1, 2, 3].map(() => client.get(at("a"))));
    expect(renewals).toBe(1);
    expect(api.authorizations.slice(-1)).toEqual(["Bearer new"]);
  });

  it("says that it is signed out, and never with what", async () => {
    const client = open({}, fixedCredentials(token("hunter2hunter2")));
    api.interrupt = (_request, response) => {
      send(response, 401, status(401, "Unauthorized"));
      return true;
    };
    const error = await client.get(at("a")).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "kubernetes-unauthorized", hint: expect.stringContaining("sign in") });
    expect(JSON.stringify(error)).not.toContain("hunter2");
    expect(client.counts()).toMatchObject({ get: 1, retries: 0 });
  });

  it("hides a Secret's values that a refusal repeats", async () => {
    const client = open();
    const data = { password: Buffer.from("correct horse").toString("base64") };
    const message = `Secret "s" is invalid: data: Invalid value: "correct horse" (${data.password})`;
    answerFirst(1, (response) => {
      const causes = [{ field: "data", message: 'Invalid value: "correct horse"', reason: "FieldValueInvalid" }];
      send(response, 422, status(422, "Invalid", message, { causes }));
    });
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "shop" }, data };
    const error = await client.apply(secret, { manager, force: true }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "kubernetes-invalid", facts: { fields: [{ field: "data" }] } });
    expect(JSON.stringify(error)).not.toMatch(/correct horse|Y29ycmVjdC/);
  });

  it("finds custom resources by asking once, and says which are not installed", async () => {
    const client = open();
    api.interrupt = (request, response) => {
      if (request.url === "/apis/gateway.networking.k8s.io/v1")
        send(response, 200, {
          resources: [
            { name: "httproutes", kind: "HTTPRoute", namespaced: true },
            { name: "httproutes/status", kind: "HTTPRoute", namespaced: true },
          ],
        });
      else if (request.url?.startsWith("/apis/none.example") === true)
        response.writeHead(404).end("404 page not found");
      else return false;
      return true;
    };
    const route = { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute" };
    expect(await client.resource(route)).toEqual({ ...route, plural: "httproutes", namespaced: true });
    await client.resource(route);
    expect(client.counts().discovery).toBe(1);
    const none = { apiVersion: "none.example/v1", kind: "Thing" };
    expect(await client.resource(none)).toBeNull();
    await expect(client.get({ ...none, name: "x" })).rejects.toMatchObject({ code: "kubernetes-not-served" });
  });

  it("gives a pod's answer of any status, and tells it from the API server's own", async () => {
    const client = open();
    const request = { namespace: "shop", to: "service", name: "web", port: 9090, path: "/metrics?a=b" } as const;
    answerFirst(1, (response) => response.writeHead(500).end("broken"));
    expect(await client.proxy(request)).toEqual({ status: 500, body: "broken", truncated: false });
    expect(api.requests[0]).toBe("GET /api/v1/namespaces/shop/services/web%3A9090/proxy/metrics?a=b");
    answerFirst(1, (response) => response.end("0123456789"));
    expect(await client.proxy({ ...request, maxBytes: 4 })).toEqual({ status: 200, body: "0123", truncated: true });
    answerFirst(1, (response) => send(response, 503, status(503, "ServiceUnavailable", "dial tcp: refused")));
    await expect(client.proxy(request)).rejects.toMatchObject({ code: "kubernetes-proxy-failed" });
  });

  it("follows logs line by line, cuts very long ones, and ends with the signal", async () => {
    const client = open();
    api.interrupt = (_request, response) => {
      response.writeHead(200);
      response.write(`one\r\n${"x".repeat(70_000)}\ntwo`);
      response.write(" and more\n");
      return true;
    };
    const stop = new AbortController();
    const lines: string[] = [];
    for await (const line of client.logs({ namespace: "shop", pod: "web", follow: true, tailLines: 5 }, stop.signal)) {
      lines.push(line);
      if (lines.length === 3) stop.abort();
    }
    expect(lines.map((line) => line.length)).toEqual([3, 65_536, 12]);
    expect(lines[2]).toBe("two and more");
    expect(api.requests[0]).toBe("GET /api/v1/namespaces/shop/pods/web/log?tailLines=5&follow=true");
  });

  it("has an end: calls in flight are given up, later ones are refused", async () => {
    const client = open();
    api.interrupt = () => true;
    const running = client.get(at("a")).catch((error: unknown) => error);
    await eventually(() => expect(api.requests.length).toBe(1));
    await client.close();
    expect(await running).toMatchObject({ code: "kubernetes-closed" });
    await expect(client.get(at("a"))).rejects.toBeInstanceOf(WindlassError);
  });
});
