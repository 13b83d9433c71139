import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../../render/kubernetes/object.js";
import { isOlder } from "./state.js";
import { Store } from "./store.js";

interface News {
  readonly type: "put" | "remove";
  readonly object: KubernetesObject;
}

/** What happened to one object of a server: made, changed, deleted, made again under the same name. */
function history(steps: readonly ("change" | "delete")[]): News[] {
  let uid = 0;
  let there = false;
  return steps.map((step, at) => {
    const type = step === "delete" && there ? "remove" : "put";
    if (type === "put" && !there) uid++;
    there = type === "put";
    const metadata = { name: "web", namespace: "shop", uid: `u${uid}`, resourceVersion: String(at + 95) };
    return { type, object: { apiVersion: "v1", kind: "ConfigMap", metadata } };
  });
}

const keep = ({ metadata }: KubernetesObject) => metadata.resourceVersion;

describe("an informer's store", () => {
  it("ends where the server ended, however news are repeated and late", () => {
    const steps = fc.array(fc.constantFrom("change" as const, "delete" as const), { minLength: 1, maxLength: 12 });
    const property = fc.property(steps, fc.infiniteStream(fc.nat()), (done, numbers) => {
      const all = history(done);
      const store = new Store<string | undefined>();
      const tell = ({ type, object }: News) => (type === "put" ? store.put(object, keep) : store.remove(object));
      for (const [at, news] of all.entries()) {
        tell(news);
        const again = all[(numbers.next().value as number) % (at + 1)];
        if (again !== undefined) tell(again);
      }
      const last = all.at(-1);
      expect(store.get("shop/web")).toBe(last?.type === "put" ? last.object.metadata.resourceVersion : undefined);
    });
    fc.assert(property, { seed: 7, numRuns: 2_000 });
  });

  it("compares versions as numbers of any length, and never guesses about others", () => {
    expect(isOlder("99", "100")).toBe(true);
    expect(isOlder("100", "99")).toBe(false);
    expect(isOlder("100", "100")).toBe(false);
    expect(isOlder("18446744073709551614", "18446744073709551615")).toBe(true);
    expect(isOlder("abc", "100")).toBe(false);
  });

  it("lets an object come back into a selection that it had left", () => {
    const [made, left, back] = history(["change", "change", "change"]);
    const store = new Store<string | undefined>();
    if (made === undefined || left === undefined || back === undefined) throw new Error("three steps");
    store.put(made.object, keep);
    expect(store.remove(left.object)).toHaveLength(1);
    expect(store.put(made.object, keep)).toEqual([]);
    expect(store.put(back.object, keep)).toMatchObject([{ type: "added" }]);
  });
});
