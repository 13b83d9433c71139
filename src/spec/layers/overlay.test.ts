import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { overlay, settle } from "./overlay.js";
import { isObject, originAt, plain, trace } from "./trace.js";

const asIs = (value: unknown) => value;
const system = (value: unknown) => trace(value, { layer: { kind: "system" }, path: [] }, asIs);
const production = (value: unknown) =>
  trace(value, { layer: { kind: "environment", name: "production" }, path: ["environments", "production"] }, asIs);

const key = fc.constantFrom("a", "b", "c");
const { tree } = fc.letrec<{ tree: unknown; object: Record<string, unknown> }>((tie) => ({
  object: fc.dictionary(key, tie("tree"), { maxKeys: 3 }),
  tree: fc.oneof({ maxDepth: 3 }, fc.constantFrom<unknown>(1, "x", false, null), fc.array(fc.nat(3)), tie("object")),
}));
const object = fc.dictionary(key, tree, { maxKeys: 3 });

function leaves(value: Record<string, unknown>, above: readonly string[] = []): [readonly string[], unknown][] {
  return Object.entries(value).flatMap(([name, member]): [readonly string[], unknown][] =>
    isObject(member) ? leaves(member, [...above, name]) : [[[...above, name], member]],
  );
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((node, name) => (isObject(node) ? node[name] : undefined), value);
}

describe("layers", () => {
  it("an empty one changes nothing, and the same one again changes nothing", () => {
    fc.assert(
      fc.property(object, (value) => {
        const settled = plain(settle(system(value)));
        expect(plain(settle(overlay(system(value), production({}))))).toEqual(settled);
        expect(plain(settle(overlay(system(value), production(value))))).toEqual(settled);
      }),
    );
  });

  it("the upper one is right about all that it says, and what it does not touch stays", () => {
    fc.assert(
      fc.property(object, object, (lower, upper) => {
        const merged = plain(settle(overlay(system(lower), production(upper)))) as Record<string, unknown>;
        for (const [path, value] of leaves(upper)) expect(at(merged, path)).toEqual(value ?? undefined);
        for (const [path, value] of leaves(lower))
          if (value !== null && at(upper, path.slice(0, 1)) === undefined) expect(at(merged, path)).toEqual(value);
      }),
    );
  });

  it("every value knows where it was written", () => {
    const merged = overlay(
      system({ services: { api: { replicas: 1, cpu: 2 } } }),
      production({ services: { api: { replicas: 3, memory: "1GiB" } } }),
    );
    expect(originAt(merged, ["services", "api", "cpu"]).path).toEqual(["services", "api", "cpu"]);
    expect(originAt(merged, ["services", "api", "replicas"]).path.join(".")).toBe(
      "environments.production.services.api.replicas",
    );
    expect(originAt(merged, ["services", "api", "nothing", "here"]).path).toEqual(["services", "api"]);
  });
});
