import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadSystem } from "./load.js";
import { formatProblems } from "./position.js";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "windlass-load-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function write(name: string, text: string): Promise<string> {
  const file = path.join(directory, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

/** What `check` would print for this one file. */
async function check(name: string, text: string): Promise<string[]> {
  const result = await loadSystem(await write(name, text));
  return formatProblems(result.problems, directory).split("\n");
}

const TS = `import { canary, defineSystem, postgres, secret, service, worker } from "windlass";
import { replicas } from "./numbers.js";

enum Port { Api = 8080 }

export default defineSystem({
  name: "shop",
  services: {
    api: service({
      command: ["node", "server.js"],
      port: Port.Api,
      uses: ["db"],
      environment: { KEY: secret("key", { generate: true }), DEBUG: false },
    }),
    mailer: worker({ command: ["node", "mailer.js"], after: ["api"] }),
  },
  resources: { db: postgres() },
  environments: {
    production: {
      services: { api: { replicas, strategy: canary({ stages: [{ share: 10, time: { min: "1m", max: "5m" } }] }) } },
      resources: { db: { external: secret("db-url") } },
    },
  },
});
`;

const YAML = `name: shop
resources:
  db: postgres
services:
  api:
    command: [node, server.js]
    port: 8080
    uses: [db]
    environment: { DEBUG: false, KEY: { secret: key, generate: true } }
  mailer:
    command: node mailer.js
    after: [api]
environments:
  production:
    resources:
      db: { external: { secret: db-url } }
    services:
      api:
        replicas: 3
        strategy:
          kind: canary
          stages:
            - { share: 10%, time: { min: 1m, max: 5m } }
`;

describe("a spec", () => {
  it("in TypeScript and in YAML is the same system", async () => {
    await write("a/numbers.ts", "export const replicas: number = 3;\n");
    await write("a/windlass.system.ts", TS);
    await write("b/windlass.system.yaml", YAML);
    const typescript = await loadSystem(path.join(directory, "a"));
    const yaml = await loadSystem(path.join(directory, "b"));
    expect([typescript.problems, yaml.problems]).toEqual([[], []]);
    expect(typescript.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(yaml.digest).toBe(typescript.digest);
    expect(typescript.directory).toBe(path.join(directory, "a"));
  });

  it("is found from a directory below it, but not outside the repository", async () => {
    const file = await write("repository/windlass.system.yaml", YAML);
    await write("repository/.git/HEAD", "");
    await write("repository/src/deep/x.ts", "");
    await write("windlass.system.yaml", "name: outer\nservices: {}\n");
    expect((await loadSystem(path.join(directory, "repository/src/deep"))).file).toBe(file);
    await rm(file);
    await expect(loadSystem(path.join(directory, "repository/src"))).rejects.toMatchObject({ code: "spec-not-found" });
  });

  it("is one file, and readable", async () => {
    await write("windlass.system.yaml", YAML);
    await write("windlass.system.ts", TS);
    await expect(loadSystem(directory)).rejects.toMatchObject({ code: "spec-ambiguous" });
    await mkdir(path.join(directory, "other", "windlass.system.yaml"), { recursive: true });
    await expect(loadSystem(path.join(directory, "other"))).rejects.toMatchObject({ code: "spec-unreadable" });
    await expect(loadSystem(path.join(directory, "none"))).rejects.toMatchObject({ code: "spec-not-found" });
  });

  it("is read anew when it changes", async () => {
    const spec = (name: string) => `export const system = { name: "${name}", services: { a: { command: ["x"] } } };`;
    await write("windlass.system.ts", spec("one"));
    expect((await loadSystem(directory)).system?.name).toBe("one");
    await write("windlass.system.ts", spec("two"));
    expect((await loadSystem(directory)).system?.name).toBe("two");
  });
});

describe("every problem has its place", () => {
  it("in YAML", async () => {
    const text = `name: shop
services:
  api:
    command: [node]
    replica: 3
    port: 80800
    after:
      - api
      - mailr
  mailer: &worker
    command: [node]
  other:
    <<: *worker
    stopGrace: 5
environments:
  production:
    services:
      api: { memory: 1 }
`;
    expect(await check("windlass.system.yaml", text)).toEqual([
      'windlass.system.yaml:5:5  unknown key "replica"; did you mean "replicas"?  [spec-unknown-key]',
      "windlass.system.yaml:6:5  80800 is too big; at most 65535  [spec-wrong-value]",
      'windlass.system.yaml:8:9  "api" starts after itself; none of them could ever be first  [spec-cycle]',
      'windlass.system.yaml:9:9  unknown service "mailr"; did you mean "mailer"?  [spec-unknown-service]',
      'windlass.system.yaml:14:5  a duration needs a unit, 5 has none; write "5ms", "5s" or "5m"  [spec-wrong-type]',
      'windlass.system.yaml:18:14  a size needs a unit, 1 has none; write "1MiB" or "1B"  [spec-wrong-type]',
    ]);
  });

  it("in TypeScript, through constants, spreads, casts and calls", async () => {
    const text = `import { canary, defineSystem, service } from "windlass";

const base = {
  command: ["node"],
  stopGrace: "ten",
};
const stages = [
  { share: 50, time: "1m" },
  { share: 20, time: "1m" },
] as const;

export default defineSystem({
  name: "shop",
  services: {
    api: service({ ...base, port: 8080, strategy: canary({ stages }), uses: ["db"] }),
    ...Object.fromEntries(["a"].map((name) => [name, { comand: [name] }])),
  },
} as never);
`;
    expect(await check("windlass.system.ts", text)).toEqual([
      'windlass.system.ts:5:3  not a duration; write "500ms", "10s", "5m", "1h" or "2d"  [spec-wrong-value]',
      "windlass.system.ts:9:5  shares rise from stage to stage: 20 comes after 50  [spec-stages]",
      'windlass.system.ts:14:3  unknown key "comand"; did you mean "command"?  [spec-unknown-key]',
      'windlass.system.ts:15:78  unknown resource "db"; there is none  [spec-unknown-resource]',
    ]);
  });
});

describe("a spec that cannot be read", () => {
  it("as YAML says where", async () => {
    expect((await check("windlass.system.yaml", "name: shop\nservices: [\n"))[0]).toMatch(
      /^windlass.system.yaml:3:1 .*\[spec-syntax\]$/,
    );
    expect(await check("windlass.system.yaml", "name: a\nservices: {}\nname: b\n")).toEqual([
      "windlass.system.yaml:3:1  this key is here twice  [spec-duplicate-key]",
    ]);
    expect(await check("windlass.system.yaml", "")).toEqual([
      "windlass.system.yaml:1:1  expected an object, not null  [spec-wrong-type]",
    ]);
    expect(await check("windlass.system.yaml", "name: a\nservices: &s\n  api: *s\n")).toEqual([
      'windlass.system.yaml:3:3  contains "services" again, without end; a spec is a tree: copy the part  [spec-cyclic]',
    ]);
  });

  const start = 'import { defineSystem } from "windlass";\n';
  it.each([
    ["does not parse", "export default defineSystem({\n  name: 'x',,\n});", 3, "spec-syntax"],
    ["throws", "\nfunction key(): string {\n  throw new Error('no key');\n}\nexport default key();", 4, "spec-threw"],
    ["throws what is no error", "throw 'text';", 1, "spec-threw"],
    ["imports a file that is not there", "import './nope.js';", 2, "spec-import"],
    ["imports a package that is not there", "import x from 'no-such-package';\nexport default x;", 2, "spec-import"],
    ["imports what windlass does not have", "import { nope } from 'windlass';\nexport default nope;", 2, "spec-import"],
    ["exports nothing", "defineSystem({ name: 'x', services: {} });", 1, "spec-no-export"],
    ["exports a function", "export default () => defineSystem({ name: 'x', services: {} });", 2, "spec-wrong-type"],
    [
      "contains itself",
      "const s: any = { name: 'x', services: {} };\ns.services.api = s;\nexport default s;",
      2,
      "spec-cyclic",
    ],
  ])("as TypeScript, because it %s, says where", async (_, text, line, code) => {
    const result = await loadSystem(await write("windlass.system.ts", start + text));
    expect(result.problems.map((one) => [one.line, one.code])).toContainEqual([line, code]);
    expect(result.system).toBeUndefined();
  });
});
