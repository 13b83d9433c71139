import { createHash } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CommandEnvelope } from "../core/model/command.js";
import type { EventRecord } from "../core/model/event.js";
import type { Release } from "../core/model/revision.js";
import type { ControlPlane, Update } from "../engine/control-plane.js";
import type { EnvironmentView } from "../engine/view.js";
import { WindlassError } from "../error.js";
import { compile } from "../spec/compile/compile.js";
import { type ClientOptions, createClient } from "./client.js";
import { type Listening, type ListenOptions, serveApi } from "./listen.js";

const SHOP = "shop/production";
const DIGEST = `sha256:${"a".repeat(64)}`;

let directory: string;
let socket: string;
let ends: (() => Promise<unknown>)[];

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "wl-api-"));
  socket = path.join(directory, "run", "control.sock");
  ends = [];
});

afterEach(async () => {
  for (const end of ends) await end();
  rmSync(directory, { recursive: true, force: true });
});

async function serve(plane: Partial<ControlPlane>, options: Partial<ListenOptions> = {}): Promise<Listening> {
  const listening = await serveApi(plane as ControlPlane, { socket, log: () => undefined, ...options });
  ends.push(() => listening.close(100));
  return listening;
}

const client = (options: ClientOptions = {}) => createClient(socket, options);

function event(version: number, data: unknown = {}): { kind: "event"; event: EventRecord } {
  const place = { stream: SHOP, version, sequence: version };
  return { kind: "event", event: { ...place, type: "x@1", data, at: 0, wall: "", by: "engine", key: null } };
}

const VIEW: EnvironmentView = {
  environment: SHOP,
  version: 3,
  now: 5,
  current: { id: "r1", label: "1.0.0-abc" },
  deployment: null,
  next: null,
  waiting: { service: null, sentence: "nothing: ü→", change: "deploy", until: null },
  services: [],
  resources: {},
  holds: [],
  before: null,
  targetProblem: null,
  seenAt: null,
};

async function collect<T>(items: AsyncIterable<T>, count = Number.POSITIVE_INFINITY): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) {
    found.push(item);
    if (found.length >= count) break;
  }
  return found;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof WindlassError ? error.code : `no WindlassError: ${String(error)}`;
}

describe("everything that a control plane can do, it can do through its socket", () => {
  const environment = compile({ name: "shop", services: { web: { command: ["web"], port: 80 } } }).system?.environments
    .production;
  if (environment === undefined) throw new Error("does not compile");
  const content = { version: "1", commit: null, dirty: false, artefacts: { web: DIGEST }, spec: DIGEST };
  const release: Release = { digest: DIGEST, label: "1-abc", ...content };
  const envelope: CommandEnvelope = {
    command: { kind: "deploy", release, environment, reason: "ä", fast: true },
    key: "k1",
    expected: 3,
    by: "user:ada",
  };
  const line = { service: "web", replica: "r1-1", stream: "stderr", text: "line\nbreak\u2028ü" } as const;
  const query = { service: null, replica: null, lines: 10, follow: false };
  const never = new AbortController().signal;

  type Story = [
    name: string,
    method: string,
    ask: (plane: ControlPlane) => Promise<unknown>,
    given: unknown[],
    back: unknown,
  ];
  const stories: Story[] = [
    ["about", "about", (c) => c.about(), [], { version: "1", protocol: 1, pid: 2, home: "/h" }],
    ["environments", "environments", (c) => c.environments(), [], [VIEW]],
    ["environment", "environment", (c) => c.environment(SHOP), [SHOP], VIEW],
    [
      "command, accepted",
      "command",
      (c) => c.command(SHOP, envelope),
      [SHOP, envelope],
      { kind: "accepted", events: [], deployment: "d1", note: "goes" },
    ],
    [
      "command, refused",
      "command",
      (c) => c.command(SHOP, envelope),
      [SHOP, envelope],
      { kind: "refused", refusal: { code: "c", message: "m", hint: "h", retry: "never" } },
    ],
    [
      "plan",
      "plan",
      (c) => c.plan(SHOP, release, environment),
      [SHOP, release, environment],
      { environment: SHOP, from: null, to: release, services: [], resources: [], obstacles: [], changes: true },
    ],
    [
      "rollback preview, bare",
      "previewRollback",
      (c) => c.previewRollback(SHOP, null),
      [SHOP, null],
      { from: null, to: VIEW.current, withoutStages: true, services: [], notReverted: ["data"] },
    ],
    ["rollback preview, named", "previewRollback", (c) => c.previewRollback(SHOP, "r2"), [SHOP, "r2"], {}],
    ["history", "history", (c) => c.history(SHOP, 4, 50), [SHOP, 4, 50], [event(5).event]],
    ["secrets", "putSecrets", (c) => c.putSecrets(SHOP, { a: "1", b: null }), [SHOP, { a: "1", b: null }], undefined],
    ["an artefact that is here", "hasArtefact", (c) => c.hasArtefact(DIGEST), [DIGEST], true],
    ["an artefact that is not", "hasArtefact", (c) => c.hasArtefact(DIGEST), [DIGEST], false],
    ["doctor", "doctor", (c) => c.doctor(), [], [{ check: "disk", ok: true, sentence: "s", hint: null }]],
    [
      "verify",
      "ledger.verify",
      (c) => c.ledger.verify("note\n"),
      ["note\n"],
      { ok: true, events: 3, findings: [], checkpoint: "c" },
    ],
    ["verify without a pin", "ledger.verify", (c) => c.ledger.verify(null), [null], { ok: false }],
    ["prove", "ledger.prove", (c) => c.ledger.prove(7), [7], { leaf: "x" }],
    ["checkpoint", "ledger.checkpoint", (c) => c.ledger.checkpoint(), [], { note: "n", verifierKey: "k" }],
    ["backup", "ledger.backup", (c) => c.ledger.backup("/b"), ["/b"], { path: "/b", events: 1, note: "n" }],
  ];

  test.each(stories)("%s", async (_, method, ask, given, back) => {
    const seen: unknown[][] = [];
    const answer = async (...asked: unknown[]) => {
      seen.push(asked);
      return back;
    };
    const [name = "", inner] = method.split(".");
    await serve(inner === undefined ? { [name]: answer } : { [name]: { [inner]: answer } });
    expect(await ask(client())).toEqual(back);
    expect(seen).toEqual([given]);
  });

  test("logs, with every character in its place", async () => {
    await serve({
      logs: async function* (key, asked) {
        expect([key, asked]).toEqual([SHOP, query]);
        for (let n = 0; n < 500; n++) yield line;
      },
    });
    const lines = await collect(client().logs(SHOP, query, never));
    expect(lines).toHaveLength(500);
    expect(lines.at(-1)).toEqual(line);
  });

  test("the export of a ledger, whole", async () => {
    const ledger = {
      export: async function* () {
        for (let n = 1; n <= 2_000; n++) yield event(n).event;
      },
    } as unknown as ControlPlane["ledger"];
    await serve({ ledger });
    expect((await collect(client().ledger.export(never))).map((record) => record.sequence)).toEqual(
      Array.from({ length: 2_000 }, (_, index) => index + 1),
    );
  });

  test("an export that breaks off says so, and never looks complete", async () => {
    const ledger = {
      export: async function* () {
        yield event(1).event;
        throw new WindlassError("ledger-corrupt", "record 2 is damaged", { facts: { sequence: 2 } });
      },
    } as unknown as ControlPlane["ledger"];
    await serve({ ledger });
    await expect(collect(client().ledger.export(never))).rejects.toMatchObject({
      code: "ledger-corrupt",
      facts: { sequence: 2 },
    });
  });

  test("an artefact of some megabytes, byte for byte", async () => {
    let digest = "";
    await serve({
      putArtefact: async (_, bytes) => {
        const hash = createHash("sha256");
        for await (const chunk of bytes) hash.update(chunk as Buffer);
        digest = hash.digest("hex");
      },
    });
    const chunks = Array.from({ length: 64 }, (_, index) => Buffer.alloc(65_537, index));
    await client().putArtefact(DIGEST, Readable.from(chunks));
    expect(digest).toBe(createHash("sha256").update(Buffer.concat(chunks)).digest("hex"));
  });

  test("an artefact that is refused in the middle: the reason comes back, the rest is not sent", async () => {
    await serve({
      putArtefact: async (_, bytes) => {
        for await (const _chunk of bytes) throw new WindlassError("artefact-disk-full", "The disk is full.");
      },
    });
    let made = 0;
    const endless = Readable.from(
      (async function* () {
        for (; made < 100_000; made++) yield Buffer.alloc(65_536);
      })(),
    );
    expect(await codeOf(client().putArtefact(DIGEST, endless))).toBe("artefact-disk-full");
    expect(made).toBeLessThan(100_000);
  });

  test("an artefact whose file cannot be read: that is the error", async () => {
    await serve({ putArtefact: async (_, bytes) => void (await bytes.toArray().catch(() => [])) });
    const broken = new Readable({ read: () => broken.destroy(new WindlassError("file-unreadable", "no")) });
    expect(await codeOf(client().putArtefact(DIGEST, broken))).toBe("file-unreadable");
  });

  test("stop, which returns when nobody answers any more", async () => {
    const plane: { stop?: () => Promise<void> } = {};
    const listening = await serve(plane as Partial<ControlPlane>);
    plane.stop = () => listening.close(1_000);
    await client().stop();
    expect(await codeOf(client().about())).toBe("control-plane-unreachable");
  });
});

describe("errors", () => {
  test("come back as they were thrown", async () => {
    await serve({
      environment: async () => {
        throw new WindlassError("environment-unknown", "there is no shop/production", {
          hint: "did you mean shop/staging?",
          facts: { known: 1 },
          cause: new Error("first"),
        });
      },
    });
    await expect(client().environment(SHOP)).rejects.toMatchObject({
      code: "environment-unknown",
      hint: "did you mean shop/staging?",
      facts: { known: 1 },
      cause: { message: "first" },
    });
  });

  test("a call without an answer ends at its deadline", async () => {
    await serve({ about: () => new Promise(() => undefined) });
    expect(await codeOf(client({ quickMs: 50 }).about())).toBe("control-plane-timeout");
  });

  test("an environment that is no key never reaches the socket", async () => {
    expect(await codeOf(client().environment("../../etc"))).toBe("api-bad-environment");
  });

  test("nobody listens", async () => {
    const never = new AbortController().signal;
    expect(await codeOf(client().about())).toBe("control-plane-unreachable");
    expect(await codeOf(collect(client().follow(SHOP, 0, never)))).toBe("control-plane-unreachable");
    expect(await codeOf(client().putArtefact(DIGEST, Readable.from(["x"])))).toBe("control-plane-unreachable");
  });
});

describe("following", () => {
  const never = new AbortController().signal;
  const forever = (signal: AbortSignal) =>
    new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

  /** A ledger that outlives its control planes, as the real one does. */
  function planeOver(events: readonly { kind: "event"; event: EventRecord }[]): Partial<ControlPlane> {
    return {
      follow: async function* (_, version, signal): AsyncIterable<Update> {
        yield* events.filter((each) => each.event.version > version);
        yield { kind: "view", view: VIEW };
        await forever(signal);
      },
    };
  }

  test("goes on over a control plane that is killed and comes back, with no event twice and none missing", async () => {
    const events = [event(1), event(2)];
    const first = await serve(planeOver(events));
    const seen: number[] = [];
    let views = 0;
    for await (const update of client().follow(SHOP, 0, never)) {
      if (update.kind === "event") seen.push(update.event.version);
      else if (++views === 1) {
        await first.close(0);
        events.push(event(3));
        setTimeout(() => void serve(planeOver(events)), 200);
      } else break;
    }
    expect(seen).toEqual([1, 2, 3]);
  });

  test("waits for one that is back but has not read its ledger yet", async () => {
    let connections = 0;
    await serve({
      follow: async function* (): AsyncIterable<Update> {
        connections += 1;
        if (connections === 2) throw new WindlassError("environment-unknown", "there is no shop/production");
        yield event(Math.min(connections, 2));
      },
    });
    expect(await collect(client().follow(SHOP, 0, never), 2)).toEqual([event(1), event(2)]);
  });

  test("gives up once it was away for too long, and says so", async () => {
    const listening = await serve(planeOver([event(1)]));
    const updates = client({ awayMs: 150 }).follow(SHOP, 0, never);
    const following = (async () => {
      for await (const update of updates) if (update.kind === "view") await listening.close(0);
    })();
    await expect(following).rejects.toMatchObject({
      code: "control-plane-unreachable",
      message: "the control plane was away for 0.15 s",
    });
  });

  test("a control plane that comes back only to fail again is not followed for ever", async () => {
    await serve({
      follow: async function* () {
        yield { kind: "view", view: VIEW };
      },
    });
    expect(await codeOf(collect(client({ awayMs: 100 }).follow(SHOP, 0, never)))).toBe("control-plane-unreachable");
  });

  test("one that hangs is left for a new connection", async () => {
    let connections = 0;
    await serve({
      follow: async function* (_, __, signal): AsyncIterable<Update> {
        connections += 1;
        yield event(connections);
        await forever(signal);
      },
    });
    expect(await collect(client({ silenceMs: 60 }).follow(SHOP, 0, never), 2)).toEqual([event(1), event(2)]);
  });

  test("an error that will not pass ends it", async () => {
    await serve({
      follow: async function* (): AsyncIterable<Update> {
        yield event(1);
        throw new WindlassError("ledger-corrupt", "record 2 is damaged");
      },
    });
    expect(await codeOf(collect(client().follow(SHOP, 0, never)))).toBe("ledger-corrupt");
  });

  test("the signal ends it quietly, on both sides", async () => {
    let ended: () => void = () => undefined;
    const sourceEnded = new Promise<void>((resolve) => {
      ended = resolve;
    });
    await serve({
      follow: async function* (_, __, signal): AsyncIterable<Update> {
        yield event(1);
        await forever(signal);
        ended();
      },
    });
    const stop = new AbortController();
    for await (const _ of client().follow(SHOP, 0, stop.signal)) stop.abort();
    await sourceEnded;
  });

  test("a reader that takes nothing is disconnected; the engine never waits for it with more than a buffer", async () => {
    let made = 0;
    let ended: () => void = () => undefined;
    const sourceEnded = new Promise<void>((resolve) => {
      ended = resolve;
    });
    await serve(
      {
        follow: async function* (_, __, signal): AsyncIterable<Update> {
          signal.addEventListener("abort", () => ended(), { once: true });
          for (;;) yield event(++made, { padding: "x".repeat(10_000) });
        },
      },
      { limits: { stallMs: 100 } },
    );
    const reader = net.connect(socket);
    ends.push(async () => reader.destroy());
    reader.write("GET /v1/systems/shop/environments/production/follow HTTP/1.1\r\nhost: windlass\r\n\r\n");
    reader.pause();
    await sourceEnded;
    // 10 kB each: the kernel's buffers and ours hold some hundred of them.
    expect(made).toBeLessThan(2_000);
  });
});

describe("the socket", () => {
  const about = async () => ({ version: "1", protocol: 1, pid: 1, home: "/h" });

  test("can be opened by its owner only", async () => {
    await serve({ about });
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(socket)).mode & 0o777).toBe(0o700);
  });

  test("of a process that died is replaced; a live one is refused and goes on", async () => {
    const listening = await serve({ about });
    await expect(serve({ about })).rejects.toMatchObject({ code: "control-plane-running" });
    expect((await client().about()).version).toBe("1");
    await listening.close();

    await leaveSocketFile();
    await serve({ about });
    expect((await client().about()).version).toBe("1");
  });

  /** As kill -9 does: a socket file that nobody listens on. */
  async function leaveSocketFile(): Promise<void> {
    const aside = `${socket}.x`;
    const server = http.createServer().listen(aside);
    await new Promise((resolve) => server.once("listening", resolve));
    linkSync(aside, socket);
    await new Promise((resolve) => server.close(resolve));
  }

  test("a file that is no socket is left alone", async () => {
    await (await serve({ about })).close();
    writeFileSync(socket, "mine");
    await expect(serve({ about })).rejects.toMatchObject({ code: "api-socket-taken" });
  });

  test("a directory that others can enter is refused", async () => {
    mkdirSync(path.dirname(socket));
    chmodSync(path.dirname(socket), 0o755);
    await expect(serve({ about })).rejects.toMatchObject({ code: "api-socket-directory" });
  });

  test("closing lets a running call finish", async () => {
    let answer: (findings: []) => void = () => undefined;
    let asked: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const listening = await serve({
      doctor: () => {
        asked();
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
    });
    const findings = client().doctor();
    await arrived;
    const closed = listening.close(30_000);
    answer([]);
    expect(await findings).toEqual([]);
    await closed;
  });
});
