import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { CommandEnvelope } from "../core/model/command.js";
import type { EventRecord } from "../core/model/event.js";
import type { ControlPlane, Update } from "../engine/control-plane.js";
import { WindlassError } from "../error.js";
import { compile } from "../spec/compile/compile.js";
import { openApiDocument } from "./openapi.js";
import { apiReference } from "./reference.js";
import { ROUTES } from "./routes.js";
import { type ApiOptions, createApi, honoPath } from "./server.js";

const SHOP = "/v1/systems/shop/environments/production";
const DIGEST = `sha256:${"a".repeat(64)}`;

interface Logged {
  readonly level: string;
  readonly message: string;
  readonly facts: Record<string, unknown> | undefined;
}

/** An API over the few methods that a story needs; what it does not name is not called. */
function api(plane: Partial<ControlPlane>, options: Partial<ApiOptions> = {}) {
  const logged: Logged[] = [];
  const log: ApiOptions["log"] = (level, message, facts) => logged.push({ level, message, facts });
  const app = createApi(plane as ControlPlane, { log, ...options });
  const send = (method: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
    app.request(path, {
      method,
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  return { app, logged, send };
}

async function errorIn(
  response: Response,
): Promise<{ code: string; message: string; facts?: Record<string, unknown> }> {
  return ((await response.json()) as { error: { code: string; message: string } }).error;
}

function event(version: number): Update {
  const record: EventRecord = {
    stream: "shop/production",
    version,
    sequence: version,
    type: "deployment.resumed@1",
    data: {},
    at: 0,
    wall: "",
    by: "engine",
    key: null,
  };
  return { kind: "event", event: record };
}

const envelope = (command: CommandEnvelope["command"]): CommandEnvelope => ({
  command,
  key: "k",
  expected: null,
  by: "user:ada",
});

describe("what is asked", () => {
  test("a compiled environment with everything in it is taken as it is", async () => {
    const environment = compile({
      name: "shop",
      services: {
        web: {
          command: ["node", "server.js"],
          port: 8080,
          environment: { LOG: "info", TOKEN: { secret: "token" } },
          strategy: {
            kind: "canary",
            stages: [{ share: 10, time: "1m" }],
            routes: [{ header: "x-canary", value: "1" }],
            sticky: true,
          },
          uses: ["db"],
        },
        worker: { image: "ghcr.io/shop/worker:1.2.3", after: ["web"], strategy: "rolling" },
        shelf: { command: ["shelf"], port: 0, strategy: { kind: "blue-green", smoke: ["/health"] } },
      },
      resources: { db: "postgres" },
    }).system?.environments.production;
    if (environment === undefined) throw new Error("does not compile");
    const release = {
      digest: DIGEST,
      label: "1.0.0-abc",
      version: "1.0.0",
      commit: null,
      dirty: false,
      artefacts: { web: DIGEST },
      spec: DIGEST,
    };
    const sent = envelope({ kind: "deploy", release, environment, reason: "go", fast: false });
    const seen: unknown[] = [];
    const { send } = api({
      command: async (key, taken) => {
        seen.push(key, taken);
        return { kind: "accepted", events: [], deployment: "d1", note: "goes" };
      },
    });
    const response = await send("POST", `${SHOP}/commands`, sent);
    expect(await response.json()).toEqual({ kind: "accepted", events: [], deployment: "d1", note: "goes" });
    expect(seen).toEqual(["shop/production", sent]);

    const broken = structuredClone(sent) as unknown as { command: { environment: typeof environment } };
    Object.assign(broken.command.environment.services.web ?? {}, { uses: [{ resource: "queue", variable: "Q" }] });
    const refused = await errorIn(await send("POST", `${SHOP}/commands`, broken));
    expect(refused.message).toBe("body.command.environment.services.web.uses.0.resource: there is no resource queue");
  });

  test("every problem is named with its place, and never with its value", async () => {
    const { send } = api({});
    const response = await send("PUT", `${SHOP}/secrets`, { values: { "bad name!": "hunter2", ok: 5 }, extra: 1 });
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(text).not.toContain("hunter2");
    const { error } = JSON.parse(text);
    expect(error.code).toBe("api-invalid-request");
    expect(error.facts.problems.map((problem: { path: string }) => problem.path)).toEqual(
      expect.arrayContaining(["body.values.bad name!", "body.values.ok", "body"]),
    );
  });

  test.each([
    ["an unknown key", { ...envelope({ kind: "resume" }), force: true }],
    ["an unknown command", envelope({ kind: "explode" } as never)],
    ["a fraction of a replica", envelope({ kind: "scale", service: "web", replicas: 1.5 })],
    ["a name that every object has", envelope({ kind: "scale", service: "constructor", replicas: 1 })],
    ["a reason that clears the screen", envelope({ kind: "abort", reason: "\u001b[2J" })],
  ])("%s is refused", async (_, body) => {
    expect((await api({}).send("POST", `${SHOP}/commands`, body)).status).toBe(400);
  });

  test.each([
    ["GET", "/v1/systems/Shop/environments/production", "api-invalid-request"],
    ["GET", "/v1/systems/__proto__/environments/production", "api-invalid-request"],
    ["GET", `${SHOP}/history?version=-1`, "api-invalid-request"],
    ["GET", `${SHOP}/history?versoin=1`, "api-invalid-request"],
    ["GET", "/v1/artefacts/sha256:1234", "api-invalid-request"],
    ["GET", `/v1/artefacts/${DIGEST}`, "api-method-refused"],
    ["GET", "/v2/about", "api-route-unknown"],
    ["DELETE", SHOP, "api-route-unknown"],
  ])("%s %s is %s", async (method, path, code) => {
    const response = await api({}).app.request(path, { method });
    expect((await errorIn(response)).code).toBe(code);
    expect(response.headers.get("windlass-error")).toBe(code);
  });

  test("a body that is not JSON is refused without repeating it", async () => {
    const { send } = api({});
    const form = await send("POST", `${SHOP}/commands`, "a=b", { "content-type": "application/x-www-form-urlencoded" });
    expect(form.status).toBe(415);
    const half = await send("PUT", `${SHOP}/secrets`, '{"values": {"a": "hunter2');
    expect(await half.text()).not.toContain("hunter2");
    expect(half.headers.get("windlass-error")).toBe("api-invalid-json");
    const large = await send("POST", `${SHOP}/commands`, `"${"x".repeat(3_000_000)}"`);
    expect(large.status).toBe(413);
  });
});

describe("who asks", () => {
  const { app } = api({ about: async () => ({ version: "1", protocol: 1, pid: 1, home: "/h" }) });

  test("our client, and curl", async () => {
    expect((await app.request("http://windlass/v1/about")).status).toBe(200);
    const response = await app.request("/v1/about", { headers: { "windlass-protocol": "1" } });
    expect(await response.json()).toEqual({ version: "1", protocol: 1, pid: 1, home: "/h" });
    expect(response.headers.get("windlass-protocol")).toBe("1");
  });

  test("not a web page, nor one that rebound its name", async () => {
    expect((await app.request("/v1/about", { headers: { origin: "https://evil.example" } })).status).toBe(403);
    expect((await app.request("http://evil.example/v1/about")).status).toBe(403);
  });

  test("not a protocol that nobody here speaks", async () => {
    const response = await app.request("/v1/about", { headers: { "windlass-protocol": "9" } });
    expect(response.status).toBe(426);
    expect((await errorIn(response)).code).toBe("api-protocol-unsupported");
  });
});

describe("what is answered", () => {
  test("a refusal is an outcome with status 409", async () => {
    const outcome = {
      kind: "refused",
      refusal: { code: "no-deployment", message: "nothing to pause", hint: "look", retry: "never" },
    } as const;
    const { send } = api({ command: async () => outcome });
    const response = await send("POST", `${SHOP}/commands`, envelope({ kind: "pause", reason: null }));
    expect(response.status).toBe(409);
    expect(await response.json()).toEqual(outcome);
    expect(response.headers.get("windlass-error")).toBeNull();
  });

  test.each([
    ["environment-unknown", 404],
    ["nothing-before", 409],
    ["ledger-disk-full", 507],
    ["host-daemon-unreachable", 502],
    ["ledger-corrupt", 500],
  ])("an error %s has status %i and keeps its words", async (code, status) => {
    const { app } = api({
      environment: async () => {
        throw new WindlassError(code, "it did not work", { hint: "try", facts: { a: 1 } });
      },
    });
    const response = await app.request(SHOP);
    expect(response.status).toBe(status);
    expect(await errorIn(response)).toEqual({
      code,
      message: "it did not work",
      hint: "try",
      retry: "never",
      facts: { a: 1 },
    });
  });

  test("what nobody foresaw is a bug: told without its words, logged with its trace", async () => {
    const { app, logged } = api({
      environments: async () => {
        throw new TypeError("secret token=hunter2 is undefined");
      },
    });
    const response = await app.request("/v1/environments");
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).toContain('"code":"bug"');
    expect(text).not.toMatch(/hunter2|server\.test/);
    expect(logged[0]).toMatchObject({ level: "error", facts: { stack: expect.stringContaining("server.test") } });
  });
});

describe("artefacts", () => {
  const bytes = (size: number): RequestInit => {
    const body = Readable.toWeb(Readable.from([Buffer.alloc(size / 2), Buffer.alloc(size / 2)]));
    return { method: "PUT", body: body as unknown as NonNullable<RequestInit["body"]>, duplex: "half" };
  };

  test("are handed on as they come", async () => {
    let taken = 0;
    const { app } = api({
      putArtefact: async (_, body) => {
        for await (const chunk of body) taken += (chunk as Buffer).length;
      },
    });
    expect((await app.request(`/v1/artefacts/${DIGEST}`, bytes(1_000))).status).toBe(200);
    expect(taken).toBe(1_000);
  });

  test("past the limit they are broken off, and that is what is said", async () => {
    const { app } = api(
      {
        putArtefact: async (_, body) => {
          try {
            await body.toArray();
          } catch {
            throw new WindlassError("artefact-mismatch", "half of it is missing");
          }
        },
      },
      { maxArtefactBytes: 700 },
    );
    const response = await app.request(`/v1/artefacts/${DIGEST}`, bytes(1_000));
    expect(response.status).toBe(413);
    expect((await errorIn(response)).code).toBe("artefact-too-large");
  });
});

describe("following", () => {
  async function* untilAborted(signal: AbortSignal, updates: readonly Update[]): AsyncIterable<Update> {
    yield* updates;
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  }

  test("Last-Event-ID says where to go on, before the query does", async () => {
    const asked: number[] = [];
    const { app } = api({
      follow: async function* (_, version) {
        asked.push(version);
        yield event(version + 1);
      },
    });
    const text = async (headers: Record<string, string>) =>
      (await app.request(`${SHOP}/follow?version=3`, { headers })).text();
    expect(await text({})).toMatch(/^event: event\nid: 4\ndata: \{"kind":"event".*\}\n\n$/);
    await text({ "last-event-id": "7" });
    expect(asked).toEqual([3, 7]);
  });

  test("an unknown environment is told by status, what goes wrong later by a last event", async () => {
    const { app } = api({
      follow: async function* (key) {
        if (key === "shop/nowhere") throw new WindlassError("environment-unknown", "there is none");
        yield event(1);
        throw new WindlassError("ledger-corrupt", "record 2 is damaged");
      },
    });
    expect((await app.request("/v1/systems/shop/environments/nowhere/follow")).status).toBe(404);
    const text = await (await app.request(`${SHOP}/follow`)).text();
    expect(text).toMatch(/\n\nevent: error\ndata: \{"error":\{"code":"ledger-corrupt".*\}\}\n\n$/);
  });

  test("a gap is not passed on: the reader comes back for what is missing", async () => {
    const { app } = api({
      follow: async function* () {
        yield event(1);
        yield event(4);
      },
    });
    const text = await (await app.request(`${SHOP}/follow`)).text();
    expect(text).not.toContain("id: 4");
    expect(text).toContain('"code":"follow-gap"');
    expect(text).toContain('"retry":"safe"');
  });

  test("a silent stream says that it is there, and ends when the server closes", async () => {
    const closing = new AbortController();
    const { app } = api(
      { follow: (_, __, signal) => untilAborted(signal, [event(1)]) },
      { closing: closing.signal, limits: { heartbeatMs: 5 } },
    );
    const response = await app.request(`${SHOP}/follow`);
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk as Uint8Array);
      if (text.includes(": still here")) closing.abort();
    }
    expect(text.startsWith("event: event\n")).toBe(true);
  });

  test("a source is read no faster than its reader, and is told when the reader goes", async () => {
    let made = 0;
    let ended = false;
    const { app } = api(
      {
        follow: async function* (_, __, signal) {
          signal.addEventListener("abort", () => {
            ended = true;
          });
          for (let version = 1; ; version++) {
            made = version;
            yield event(version);
          }
        },
      },
      { limits: { bufferBytes: 2_000 } },
    );
    const response = await app.request(`${SHOP}/follow`);
    const reader = response.body?.getReader();
    await reader?.read();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(made).toBeLessThan(50);
    await reader?.cancel();
    expect(ended).toBe(true);
  });

  test("logs end with what went wrong", async () => {
    const line = { service: "web", replica: "r1-1", stream: "stdout", text: "hello" } as const;
    const { app } = api({
      logs: async function* (_, query) {
        expect(query).toEqual({ service: "web", replica: null, lines: 5, follow: true });
        yield line;
        throw new WindlassError("host-daemon-unreachable", "the daemon went away", { retry: "safe" });
      },
    });
    const text = await (await app.request(`${SHOP}/logs?service=web&lines=5&follow=true`)).text();
    const [first, second] = text.trim().split("\n");
    expect(JSON.parse(first ?? "")).toEqual(line);
    expect(JSON.parse(second ?? "").error.code).toBe("host-daemon-unreachable");
  });
});

describe("the OpenAPI document", () => {
  const document = openApiDocument(ROUTES) as {
    paths: Record<string, Record<string, unknown>>;
    components: { schemas: Record<string, unknown> };
  };

  test("lists what the server serves, no more and no less", () => {
    const { app } = api({});
    const served = app.routes.filter((route) => route.method !== "ALL").map((route) => `${route.method} ${route.path}`);
    const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method === "head" ? "GET" : method.toUpperCase()} ${honoPath(path)}`),
    );
    expect(served.sort()).toEqual(listed.sort());
  });

  test("has every schema that it refers to, and each operation once", () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]);
    const names = new Set(references.map((reference) => reference?.replace("#/components/schemas/", "")));
    expect([...names].filter((name) => !(name !== undefined && name in document.components.schemas))).toEqual([]);
    const ids = ROUTES.map((route) => route.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("is served", async () => {
    expect(await (await api({}).app.request("/v1/openapi.json")).json()).toEqual(JSON.parse(JSON.stringify(document)));
  });
});

test("docs/reference/api.md is current", async () => {
  await expect(apiReference(ROUTES)).toMatchFileSnapshot("../../docs/reference/api.md");
});
