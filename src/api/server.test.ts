import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { api, DIGEST, SHOP_PATH } from "../../test/api/stories.js";
import type { CommandEnvelope } from "../core/model/command.js";
import { WindlassError } from "../error.js";
import { compile } from "../spec/compile/compile.js";

async function errorIn(
  response: Response,
): Promise<{ code: string; message: string; facts?: Record<string, unknown> }> {
  return ((await response.json()) as { error: { code: string; message: string } }).error;
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
    const response = await send("POST", `${SHOP_PATH}/commands`, sent);
    expect(await response.json()).toEqual({ kind: "accepted", events: [], deployment: "d1", note: "goes" });
    expect(seen).toEqual(["shop/production", sent]);

    const broken = structuredClone(sent) as unknown as { command: { environment: typeof environment } };
    Object.assign(broken.command.environment.services.web ?? {}, { uses: [{ resource: "queue", variable: "Q" }] });
    const refused = await errorIn(await send("POST", `${SHOP_PATH}/commands`, broken));
    expect(refused.message).toBe("body.command.environment.services.web.uses.0.resource: there is no resource queue");
  });

  test("every problem is named with its place, and never with its value", async () => {
    const { send } = api({});
    const response = await send("PUT", `${SHOP_PATH}/secrets`, { values: { "bad name!": "hunter2", ok: 5 }, extra: 1 });
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
    expect((await api({}).send("POST", `${SHOP_PATH}/commands`, body)).status).toBe(400);
  });

  test.each([
    ["GET", "/v1/systems/Shop/environments/production", "api-invalid-request"],
    ["GET", "/v1/systems/__proto__/environments/production", "api-invalid-request"],
    ["GET", `${SHOP_PATH}/history?version=-1`, "api-invalid-request"],
    ["GET", `${SHOP_PATH}/history?versoin=1`, "api-invalid-request"],
    ["GET", `${SHOP_PATH}/series?service=web&from=0&to=1000`, "api-invalid-request"],
    ["GET", `${SHOP_PATH}/series?service=web&from=0&to=1000&resolution=day`, "api-invalid-request"],
    ["GET", "/v1/artefacts/sha256:1234", "api-invalid-request"],
    ["GET", `/v1/artefacts/${DIGEST}`, "api-method-refused"],
    ["GET", "/v2/about", "api-route-unknown"],
    ["DELETE", SHOP_PATH, "api-route-unknown"],
  ])("%s %s is %s", async (method, path, code) => {
    const response = await api({}).app.request(path, { method });
    expect((await errorIn(response)).code).toBe(code);
    expect(response.headers.get("windlass-error")).toBe(code);
  });

  test("a body that is not JSON is refused without repeating it", async () => {
    const { send } = api({});
    const form = await send("POST", `${SHOP_PATH}/commands`, "a=b", {
      "content-type": "application/x-www-form-urlencoded",
    });
    expect(form.status).toBe(415);
    const half = await send("PUT", `${SHOP_PATH}/secrets`, '{"values": {"a": "hunter2');
    expect(await half.text()).not.toContain("hunter2");
    expect(half.headers.get("windlass-error")).toBe("api-invalid-json");
    const large = await send("POST", `${SHOP_PATH}/commands`, `"${"x".repeat(3_000_000)}"`);
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
    const response = await send("POST", `${SHOP_PATH}/commands`, envelope({ kind: "pause", reason: null }));
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
    const response = await app.request(SHOP_PATH);
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
