import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { codeOf, collect, DIGEST, event, ownSocket, SHOP, VIEW } from "../../test/api/stories.js";
import type { CommandEnvelope } from "../core/model/command.js";
import type { Release } from "../core/model/revision.js";
import type { ControlPlane } from "../engine/control-plane.js";
import { WindlassError } from "../error.js";
import { compile } from "../spec/compile/compile.js";

const own = ownSocket();

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
  const range = { service: "web", from: 0, to: 60_000, resolution: "second" } as const;
  const block = { at: 1_000, group: "r1", replica: "r1-1", total: 3, errors: 0, slow: 1, restarts: 0 };

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
    ["intent", "intent", (c) => c.intent(SHOP), [SHOP], { services: { web: {} }, resources: {}, tasks: [] }],
    [
      "rollback preview, bare",
      "previewRollback",
      (c) => c.previewRollback(SHOP, null),
      [SHOP, null],
      { from: null, to: VIEW.current, withoutStages: true, services: [], notReverted: ["data"] },
    ],
    ["rollback preview, named", "previewRollback", (c) => c.previewRollback(SHOP, "r2"), [SHOP, "r2"], {}],
    ["history", "history", (c) => c.history(SHOP, 4, 50), [SHOP, 4, 50], [event(5).event]],
    ["series", "series", (c) => c.series(SHOP, range), [SHOP, range], [{ ...block, latencies: { 12: 3 } }]],
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
    await own.serve(inner === undefined ? { [name]: answer } : { [name]: { [inner]: answer } });
    expect(await ask(own.client())).toEqual(back);
    expect(seen).toEqual([given]);
  });

  test("logs, with every character in its place", async () => {
    await own.serve({
      logs: async function* (key, asked) {
        expect([key, asked]).toEqual([SHOP, query]);
        for (let n = 0; n < 500; n++) yield line;
      },
    });
    const lines = await collect(own.client().logs(SHOP, query, never));
    expect(lines).toHaveLength(500);
    expect(lines.at(-1)).toEqual(line);
  });

  test("the export of a ledger, whole", async () => {
    const ledger = {
      export: async function* () {
        for (let n = 1; n <= 2_000; n++) yield event(n).event;
      },
    } as unknown as ControlPlane["ledger"];
    await own.serve({ ledger });
    expect((await collect(own.client().ledger.export(never))).map((record) => record.sequence)).toEqual(
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
    await own.serve({ ledger });
    await expect(collect(own.client().ledger.export(never))).rejects.toMatchObject({
      code: "ledger-corrupt",
      facts: { sequence: 2 },
    });
  });

  test("an artefact of some megabytes, byte for byte", async () => {
    let digest = "";
    await own.serve({
      putArtefact: async (_, bytes) => {
        const hash = createHash("sha256");
        for await (const chunk of bytes) hash.update(chunk as Buffer);
        digest = hash.digest("hex");
      },
    });
    const chunks = Array.from({ length: 64 }, (_, index) => Buffer.alloc(65_537, index));
    await own.client().putArtefact(DIGEST, Readable.from(chunks));
    expect(digest).toBe(createHash("sha256").update(Buffer.concat(chunks)).digest("hex"));
  });

  test("an artefact that is refused in the middle: the reason comes back, the rest is not sent", async () => {
    await own.serve({
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
    expect(await codeOf(own.client().putArtefact(DIGEST, endless))).toBe("artefact-disk-full");
    expect(made).toBeLessThan(100_000);
  });

  test("an artefact whose file cannot be read: that is the error", async () => {
    await own.serve({ putArtefact: async (_, bytes) => void (await bytes.toArray().catch(() => [])) });
    const broken = new Readable({ read: () => broken.destroy(new WindlassError("file-unreadable", "no")) });
    expect(await codeOf(own.client().putArtefact(DIGEST, broken))).toBe("file-unreadable");
  });

  test("stop, which returns when nobody answers any more", async () => {
    const plane: { stop?: () => Promise<void> } = {};
    const listening = await own.serve(plane as Partial<ControlPlane>);
    plane.stop = () => listening.close(1_000);
    await own.client().stop({ everything: false });
    expect(await codeOf(own.client().about())).toBe("control-plane-unreachable");
  });
});

describe("errors", () => {
  test("come back as they were thrown", async () => {
    await own.serve({
      environment: async () => {
        throw new WindlassError("environment-unknown", "there is no shop/production", {
          hint: "did you mean shop/staging?",
          facts: { known: 1 },
          cause: new Error("first"),
        });
      },
    });
    await expect(own.client().environment(SHOP)).rejects.toMatchObject({
      code: "environment-unknown",
      hint: "did you mean shop/staging?",
      facts: { known: 1 },
      cause: { message: "first" },
    });
  });

  test("a call without an answer ends at its deadline", async () => {
    await own.serve({ about: () => new Promise(() => undefined) });
    expect(await codeOf(own.client({ quickMs: 50 }).about())).toBe("control-plane-timeout");
  });

  test("an environment that is no key never reaches the socket", async () => {
    expect(await codeOf(own.client().environment("../../etc"))).toBe("api-bad-environment");
  });

  test("nobody listens", async () => {
    const never = new AbortController().signal;
    expect(await codeOf(own.client().about())).toBe("control-plane-unreachable");
    expect(await codeOf(collect(own.client().follow(SHOP, 0, never)))).toBe("control-plane-unreachable");
    expect(await codeOf(own.client().putArtefact(DIGEST, Readable.from(["x"])))).toBe("control-plane-unreachable");
  });
});
