import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { noteOf } from "./fake-plane.js";
import { expectGolden } from "./golden.js";
import { canary, event, NOW, R1, R2, resting } from "./views.js";
import { answering, World } from "./world.js";

function world(): World {
  const made = new World();
  made.plane.views = [resting({ current: R2, before: R1 })];
  return made;
}

const PREVIEW = {
  from: R2,
  to: R1,
  withoutStages: true,
  services: [{ service: "api", change: "goes back to the group that is kept, at once" }],
  notReverted: ["What was written to db stays.", "Flags are not changed."],
};

describe("rollback", () => {
  test("bare, in a pipe: shows what it does and does not take back, and goes to exactly that", async () => {
    const here = world();
    here.plane.preview = PREVIEW;
    const back = resting({
      deployment: {
        ...(canary().deployment ?? expect.fail()),
        kind: "rollback",
        outcome: "succeeded",
        finishedAt: NOW,
      },
    });
    here.plane.updates = [{ kind: "view", view: back }];
    const ran = await here.run("rollback");
    expect(ran.code).toBe(0);
    expectGolden("rollback", ran.out);
    expect(here.plane.commands[0]?.envelope.command).toEqual({ kind: "rollback", to: "r1", reason: null });
  });

  test("on a terminal it asks; no changes nothing", async () => {
    const here = world();
    const asked: string[] = [];
    here.ask = answering(false, asked);
    here.plane.preview = PREVIEW;
    const ran = await here.run("rollback");
    expect(asked).toEqual(["Go back?"]);
    expect(ran.out).toContain("Nothing was changed.");
    expect(here.plane.commands).toEqual([]);
  });

  test("with nothing before, it says so", async () => {
    const ran = await world().run("rollback");
    expect(ran.err).toContain("nothing ran here before");
    expect(ran.code).toBe(2);
  });
});

describe("one command each", () => {
  const verbs: readonly [string[], object][] = [
    [["advance"], { kind: "advance", full: false }],
    [["advance", "production", "--full"], { kind: "advance", full: true }],
    [["pause", "--reason", "lunch"], { kind: "pause", reason: "lunch" }],
    [["resume"], { kind: "resume" }],
    [["abort", "shop/production"], { kind: "abort", reason: null }],
    [["hold", "--reason", "leaks", "--revision", "r2"], { kind: "hold", revision: "r2", reason: "leaks" }],
    [["unhold"], { kind: "unhold", revision: null, reason: null }],
    [["scale", "api=4"], { kind: "scale", service: "api", replicas: 4 }],
    [["down", "production"], { kind: "down", reason: null }],
  ];
  for (const [inputs, command] of verbs)
    test(inputs.join(" "), async () => {
      const here = world();
      const ran = await here.run(...inputs);
      expect(ran.code, ran.err).toBe(0);
      expect(here.plane.commands[0]?.envelope.command).toEqual(command);
      expect(ran.out).toContain("Next: ");
    });

  test("bare down never stops anything but development", async () => {
    const here = world();
    const ran = await here.run("down");
    expect(ran.code).toBe(2);
    expect(here.plane.commands).toEqual([]);
  });

  test("hold without a reason is not understood", async () => {
    expect((await world().run("hold")).code).toBe(2);
  });

  test("scale with something else than a number says what it wants", async () => {
    const ran = await world().run("scale", "api=many");
    expect(ran.code).toBe(2);
    expect(ran.err).toContain("windlass scale api=4");
  });
});

test("plan says what would change and why, and --exit-code tells CI", async () => {
  const here = world();
  writeFileSync(
    path.join(here.cwd, "windlass.system.yaml"),
    "name: shop\nservices: { api: { command: node server.js, source: false } }\n",
  );
  here.plane.planned = {
    environment: "shop/production",
    from: R1,
    to: { label: "1.1.0", digest: "sha256:00" },
    services: [
      {
        service: "api",
        action: "roll-out",
        because: ["environment LOG_LEVEL: info → debug", "secret stripe-key is new"],
        how: "canary 10 % → 100 %, at least 2 min",
        risk: "medium",
        why: "its configuration changes",
      },
      { service: "mailer", action: "keep", because: [], how: "", risk: "low", why: "" },
      {
        service: "old",
        action: "remove",
        because: ["it is not in the spec"],
        how: "",
        risk: "high",
        why: "clients may use it",
      },
    ],
    resources: [{ name: "cache", action: "create", why: "api uses it" }],
    obstacles: [{ code: "dirty-release", sentence: "made from a dirty working tree", hint: "commit your changes" }],
    changes: true,
  };
  const ran = await here.run("plan", "production", "--exit-code");
  expect(ran.code).toBe(2);
  expectGolden("plan", ran.out);
  expect(here.plane.uploads.size).toBe(0);
});

test("history lists deployments, and every event", async () => {
  const here = world();
  const cause = { kind: "verdict", service: "api", sentence: "too many errors", exit: null, judgement: null } as const;
  here.plane.events = [
    event(
      1,
      {
        type: "deployment.requested@1",
        data: { deployment: "d1", to: "r1", kind: "deploy", reason: "first", fast: false },
      },
      { by: "user:ada" },
    ),
    event(2, { type: "deployment.finished@1", data: { deployment: "d1", outcome: "succeeded", cause: null } }),
    event(
      3,
      {
        type: "deployment.requested@1",
        data: { deployment: "d2", to: "r2", kind: "deploy", reason: null, fast: false },
      },
      { by: "user:bob" },
    ),
    event(4, { type: "deployment.turned@1", data: { deployment: "d2", cause } }),
    event(5, { type: "deployment.finished@1", data: { deployment: "d2", outcome: "rolled-back", cause } }),
    event(6, { type: "future.thing@9" as never, data: { x: 1 } as never }),
  ];
  expectGolden("history", (await here.run("history")).out);
  expectGolden("history events", (await here.run("history", "--events", "--limit", "4")).out);
});

test("logs prints lines with their replica, and never an escape sequence", async () => {
  const here = world();
  here.plane.lines = [
    { service: "api", replica: "api-r2-1", stream: "stdout", text: "listening" },
    { service: "api", replica: "api-r2-1", stream: "stderr", text: "\u001b[2Jgone\u0007" },
  ];
  const ran = await here.run("logs", "api", "--lines", "5");
  expect(ran.out).toBe("api-r2-1 | listening\napi-r2-1 | gone\\x07\n");
  expect(here.plane.queries).toEqual([{ service: "api", replica: null, lines: 5, follow: false }]);
  expect((await here.run("logs", "production")).code).toBe(0);
  const wrong = await here.run("logs", "apo");
  expect(wrong.err).toContain('did you mean "api"?');
});

describe("ledger verify", () => {
  test("compares with what was pinned, and pins what it has verified", async () => {
    const here = world();
    expect((await here.run("ledger", "verify")).out).toContain("no earlier checkpoint was pinned here");
    here.plane.note = noteOf(9);
    await here.run("ledger", "checkpoint");
    here.plane.verdict = { ...here.plane.verdict, events: 9, checkpoint: noteOf(9) };
    const ran = await here.run("ledger", "verify");
    expect(here.plane.verifiedAgainst).toEqual([null, noteOf(3), noteOf(9)]);
    expect(ran.out).toContain("9 events, all in order; it agrees with what was pinned here");
  });

  test("an older copy of the ledger does not replace the pins", async () => {
    const here = world();
    await here.run("ledger", "checkpoint");
    here.plane.note = noteOf(1);
    await here.run("ledger", "checkpoint");
    here.plane.verdict = {
      ok: false,
      events: 1,
      findings: [{ code: "ledger-truncated", sequence: 2, sentence: "events 2 to 3 are missing" }],
      checkpoint: noteOf(1),
    };
    const ran = await here.run("ledger", "verify");
    expect(ran.code).toBe(4);
    expect(ran.out).toContain("event 2: events 2 to 3 are missing [ledger-truncated]");
    expect(here.plane.verifiedAgainst).toEqual([noteOf(3)]);
  });
});

test("secret set takes the value from a pipe, and never prints it", async () => {
  const here = world();
  here.typed = "s3cret\n";
  const ran = await here.run("secret", "set", "stripe-key", "shop/production");
  expect(here.plane.secrets).toEqual([{ environment: "shop/production", values: { "stripe-key": "s3cret" } }]);
  expect(ran.out + ran.err).not.toContain("s3cret");
});

test("doctor works when the control plane does not run", async () => {
  const here = world();
  here.isRunning = false;
  const ran = await here.run("doctor");
  expect(ran.code).toBe(0);
  expect(ran.out).toContain("does not run; the first verb that needs it starts it");
  expect(here.connections).toBe(0);
});

test("doctor ends with 4 when something is wrong", async () => {
  const here = world();
  here.plane.findings = [{ check: "edge", ok: false, sentence: "does not answer", hint: "Look at its log." }];
  expect((await here.run("doctor")).code).toBe(4);
});

describe("init", () => {
  test("writes a spec that check finds fine, and never a second one", async () => {
    for (const flags of [[], ["--yaml"]]) {
      const here = world();
      writeFileSync(path.join(here.cwd, "package.json"), '{"name":"@acme/Shop","scripts":{"start":"node server.js"}}');
      writeFileSync(
        path.join(here.cwd, "server.js"),
        'if (url === "/healthz") ok(); server.listen(process.env.PORT ?? 3000);',
      );
      writeFileSync(path.join(here.cwd, ".gitignore"), "node_modules");
      const ran = await here.run("init", "--yes", ...flags);
      expect(ran.code, ran.err).toBe(0);
      const [name = ""] = readdirSync(here.cwd).filter((file) => file.startsWith("windlass.system"));
      expectGolden(`init ${name}`, readFileSync(path.join(here.cwd, name), "utf8"));
      expect(readFileSync(path.join(here.cwd, ".gitignore"), "utf8")).toBe("node_modules\n.windlass/\n");
      const checked = await here.run("check");
      expect(checked.code, checked.out).toBe(0);
      expect((await here.run("init", "--yes")).code).toBe(2);
    }
  });

  test("a Dockerfile is named, for when replicas are containers", async () => {
    const here = world();
    writeFileSync(path.join(here.cwd, "Dockerfile"), "FROM scratch\n");
    await here.run("init", "--yes", "--yaml");
    expect(readFileSync(path.join(here.cwd, "windlass.system.yaml"), "utf8")).toContain("    dockerfile: Dockerfile #");
    expect((await here.run("check")).code).toBe(0);
    expect((await here.run("check", "--effective", "production")).out).toMatch(/app\.dockerfile\.context +default/);
  });

  test("a Procfile gives a service and workers", async () => {
    const here = world();
    writeFileSync(
      path.join(here.cwd, "Procfile"),
      "web: node web.js\nmail_queue: node mail.js\nrelease: node migrate.js\n",
    );
    await here.run("init", "--yes", "--json");
    expect((await here.run("check", "--json")).out).toContain('"services":["web","mail-queue"]');
    expect(existsSync(path.join(here.cwd, ".gitignore"))).toBe(false);
  });
});

test("check reports every problem with its place", async () => {
  const here = world();
  writeFileSync(
    path.join(here.cwd, "windlass.system.yaml"),
    "name: shop\nservices:\n  api:\n    command: node server.js\n    replcas: 2\n    memory: lots\n",
  );
  const ran = await here.run("check");
  expect(ran.code).toBe(2);
  expectGolden("check problems", ran.out);
});

test("what is not a Windlass error is a bug, says so, and ends with 1", async () => {
  const here = world();
  here.plane.environments = async () => {
    throw new TypeError("x is not a function");
  };
  const ran = await here.run("status");
  expect(ran.code).toBe(1);
  expect(ran.err).toContain("This is a bug in Windlass: TypeError: x is not a function");
  expect(ran.err).not.toContain("\n    at ");
});
