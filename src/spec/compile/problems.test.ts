import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Problem } from "../problem.js";
import { compile } from "./compile.js";

function told(problems: readonly Problem[]): string[] {
  return problems.map(({ path, message, hint, environments, code }) => {
    const where = environments === undefined ? "" : ` (${environments.join(", ")})`;
    return `${path.join(".")}: ${message}${where}${hint === undefined ? "" : `; ${hint}`} [${code}]`;
  });
}

/** The problems of a service `api` with a command and port 8080. */
function wrong(fields: object, rest: object = {}): string[] {
  const services = { api: { command: ["node", "server.js"], port: 8080, ...fields } };
  return told(compile({ name: "shop", services, ...rest }).problems ?? []);
}

describe("what is wrong", () => {
  it("need their unit", () => {
    expect(wrong({ stopGrace: 10, memory: 512, readyDeadline: "2 minutes" })).toEqual([
      'services.api.memory: a size needs a unit, 512 has none; write "512MiB" or "512B" [spec-wrong-type]',
      'services.api.stopGrace: a duration needs a unit, 10 has none; write "10ms", "10s" or "10m" [spec-wrong-type]',
      'services.api.readyDeadline: not a duration; write "500ms", "10s", "5m", "1h" or "2d" [spec-wrong-value]',
    ]);
  });

  it("names that JavaScript keeps for itself are refused: they become keys of plain objects", () => {
    const sentence = '"constructor" is a name that JavaScript keeps for itself; choose another one [spec-wrong-value]';
    const run = { command: ["node"] };
    expect(told(compile({ name: "shop", services: { constructor: run } }).problems ?? [])).toEqual([
      `services.constructor: ${sentence}`,
    ]);
    expect(wrong({}, { environments: { constructor: {} } })).toEqual([`environments.constructor: ${sentence}`]);
  });

  it("is told all at once, with the nearest known name", () => {
    const problems = told(
      compile({
        name: "My Shop",
        service: {},
        services: {
          api: {
            command: ["node"],
            port: 8080,
            replica: 3,
            uses: ["dbb"],
            after: ["worke"],
            strategy: { kind: "canary", stages: [{ share: 50, time: { min: "5m", max: "1m" } }, { share: 20 }] },
          },
          worker: { command: ["node"], port: 8080, strategy: "canry" },
        },
        resources: { db: "postgres" },
        environments: { production: { services: { apii: { replicas: 3 } } }, qa: { extends: "stagin" } },
      }).problems ?? [],
    );
    expect(problems).toEqual([
      'name: "My Shop" is not a name; up to 63 lower-case letters, digits and dashes, beginning with a letter [spec-wrong-value]',
      'services.api.replica: unknown key "replica"; did you mean "replicas"? [spec-unknown-key]',
      'services.worker.strategy: "canry" is not "rolling", "blue-green", "canary"; did you mean "canary"? [spec-wrong-value]',
      'service: unknown key "service"; did you mean "services"? [spec-unknown-key]',
      'environments.qa.extends: unknown environment "stagin"; did you mean "staging"? [spec-unknown-environment]',
      "services.api.strategy.stages.0.time: min is longer than max [spec-stages]",
      "services.api.strategy.stages.1.share: shares rise from stage to stage: 20 comes after 50 [spec-stages]",
      'services.api.uses.0: unknown resource "dbb"; did you mean "db"? [spec-unknown-resource]',
      'services.api.after.0: unknown service "worke"; did you mean "worker"? [spec-unknown-service]',
      'services.worker.port: port 8080 is taken by "api"; give each service its own, or 0 for a free one [spec-port-twice]',
      'environments.production.services.apii: service "apii" has neither a command nor an image; did you mean "api"? [spec-nothing-to-run]',
    ]);
  });

  it("is a service that waits for itself, by way of others", () => {
    const services = {
      api: { command: ["a"], after: ["worker"] },
      worker: { command: ["b"], after: ["mailer"] },
      mailer: { command: ["c"], after: ["api"] },
    };
    expect(told(compile({ name: "shop", services }).problems ?? [])).toEqual([
      "services.mailer.after.0: services wait for each other: api → worker → mailer → api; none of them could ever be first [spec-cycle]",
    ]);
    expect(wrong({ after: ["api"] })).toEqual([
      'services.api.after.0: "api" starts after itself; none of them could ever be first [spec-cycle]',
    ]);
  });

  it("is an environment that extends itself", () => {
    const environments = { qa: { extends: "lab" }, lab: { extends: "qa" } };
    expect(wrong({}, { environments })).toEqual([
      "environments.qa.extends: environments extend each other: lab → qa → lab [spec-extends-cycle]",
    ]);
  });

  it("is an image that moves, where the environment is protected", () => {
    const api = { command: undefined, image: "shop/api:latest" };
    expect(wrong(api)).toEqual([
      'services.api.image: image "shop/api:latest" moves: latest is another one tomorrow (production); a protected environment takes a version or, best, a digest: name@sha256:… [spec-mutable-image]',
    ]);
    expect(wrong({ ...api, image: "registry:5000/api" })[0]).toContain(
      'image "registry:5000/api" has no tag (production)',
    );
    expect(wrong({ ...api, image: `registry:5000/api@sha256:${"a".repeat(64)}` })).toEqual([]);
  });

  it("is a rollout that could never move", () => {
    const strategy = { kind: "rolling", maxSurge: 0, maxUnavailable: "25%" };
    expect(wrong({ strategy, replicas: 3 })[0]).toContain("maxSurge and maxUnavailable are both 0 (of 3 replicas)");
    expect(wrong({ strategy, replicas: 4 })).toEqual([]);
  });

  it("is what a worker cannot do", () => {
    expect(wrong({ port: undefined, strategy: "blue-green", probes: { liveness: "/health" } })).toEqual([
      "services.api.probes.liveness: a worker has no port that an http probe could reach; use a command [spec-probe]",
      'services.api.strategy: a worker without a port cannot be blue-green; there are no requests to share: use "rolling" [spec-worker-strategy]',
    ]);
    expect(wrong({ port: undefined, guards: [{ signal: "errors", above: "1%" }] })[0]).toContain(
      "a worker has no requests",
    );
  });

  it("is a probe that overlaps itself, or one that does two things", () => {
    expect(
      wrong({ probes: { readiness: { http: "/r", tcp: true }, liveness: { tcp: true, period: "1s", timeout: "2s" } } }),
    ).toEqual([
      "services.api.probes.liveness.timeout: the timeout is longer than the period: probes would overlap; shorten timeout or lengthen period [spec-probe]",
      "services.api.probes.readiness: a probe does one thing, not http and tcp [spec-probe]",
    ]);
    expect(
      wrong({ probes: { readiness: { tcp: true, timeout: "5s" }, liveness: { tcp: true, period: "500ms" } } }),
    ).toEqual([]);
  });

  it("is a command that only a shell understands", () => {
    expect(wrong({ command: "node a.js | tee log" })).toEqual([
      'services.api.command: "|" means something to a shell only, and no shell is started; write a list: ["node", "server.js"], or ["sh", "-c", "…"] for a shell [spec-command]',
    ]);
    expect(wrong({ command: [] })[0]).toContain("must not be empty");
  });

  it("is half a certificate, a guard without samples, a password in a URL, a variable that comes twice", () => {
    expect(wrong({ port: { number: 443, tls: { certificate: "/a.pem" } } })[0]).toContain("tls has no key");
    expect(wrong({ guards: [{ signal: "errors", above: "5%", minSamples: 0 }] })[0]).toContain(
      "minSamples is at least 1",
    );
    expect(wrong({}, { resources: { db: { kind: "postgres", local: "postgres://u:p@localhost/x" } } })[0]).toContain(
      "the URL holds a password",
    );
    expect(wrong({ uses: ["a", "b"] }, { resources: { a: "postgres", b: "postgres" } })[0]).toContain(
      '"a" and "b" both come as DATABASE_URL',
    );
    expect(wrong({ environment: { PORT: 80 } })[0]).toContain("Windlass sets PORT itself");
  });

  it("is a value that no document could hold", () => {
    const ring: Record<string, unknown> = { name: "shop" };
    ring.services = { api: ring };
    expect(told(compile(ring).problems ?? [])).toEqual([
      "services.api: contains the whole spec again, without end; a spec is a tree: copy the part [spec-cyclic]",
    ]);
    expect(wrong({ environment: { A: () => 1, B: new Date(0), C: Number.NaN } })).toHaveLength(3);
    expect(told(compile(null).problems ?? [])).toEqual([": expected an object, not null [spec-wrong-type]"]);
    expect(told(compile({}).problems ?? [])).toEqual([
      'name: "name" is missing [spec-missing]',
      'services: "services" is missing [spec-missing]',
    ]);
  });

  it("is a freeze without a time, or one that ends before it begins", () => {
    const freezes = (...list: unknown[]) => wrong({}, { environments: { production: { freezes: list } } });
    const [from, to, reason] = ["2026-12-24T00:00:00Z", "2026-12-27T00:00:00+01:00", "holidays"];
    expect(freezes({ from, to, reason })).toEqual([]);
    expect(freezes({ from: to, to: from, reason })[0]).toContain("the freeze ends before it begins");
    expect(freezes({ from: "tomorrow", reason })).toEqual([
      'environments.production.freezes.0.from: not a time; write "2026-12-24T00:00:00Z", in quotes [spec-wrong-value]',
      'environments.production.freezes.0.to: "to" is missing [spec-missing]',
    ]);
  });

  it("never makes the compiler throw", () => {
    const key = fc.constantFrom(
      "name",
      "services",
      "api",
      "environments",
      "production",
      "port",
      "probes",
      "strategy",
      "kind",
      "uses",
      "after",
      "extends",
      "guards",
      "resources",
      "command",
      "tls",
      "stages",
      "freezes",
      "from",
      "analysis",
      "signals",
      "slow",
      "margin",
      "fail",
      "objective",
      "slowerThan",
      "prometheus",
      "otlp",
      "http",
      "url",
      "bad",
      "total",
      "every",
      "token",
      "secret",
      "target",
      "kubernetes",
      "gateway",
      "registry",
      "prefix",
      "dockerfile",
      "base",
      "scaling",
      "max",
      "ingress",
      "hosts",
      "mirror",
    );
    const leaf = fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      -1,
      8080,
      "",
      "x",
      "canary",
      "10s",
      "5%",
      "api",
      "postgres",
      "kubernetes",
      "docker",
      "http://x/{{group}}",
      "/{{x}}",
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6, depthSize: "large" },
        leaf,
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.dictionary(key, tie("tree")),
      ),
    }));
    fc.assert(
      fc.property(tree, tree, tree, (api, production, resources) => {
        const authored = { name: "shop", services: { api }, resources, environments: { production } };
        const result = compile(authored);
        expect((result.problems?.length ?? 0) > 0).toBe(result.system === undefined);
      }),
      { numRuns: 500, seed: 20_261_121 },
    );
  });
});
