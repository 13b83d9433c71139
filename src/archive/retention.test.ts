import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EnvironmentArtefacts, RETENTION, removable } from "./retention.js";

const digest = fc.integer({ min: 0, max: 30 }).map((n) => `sha256:${n}`);
const environment: fc.Arbitrary<EnvironmentArtefacts> = fc.record({
  releases: fc.array(fc.record({ id: fc.integer({ min: 0, max: 20 }).map(String), artefacts: fc.array(digest) })),
  needed: fc.array(digest),
});
const DAYS = 24 * 60 * 60 * 1_000;

describe("retention of artefacts", () => {
  it("never removes what is running, stable or a rollback target, nor one of the last 10 releases", () => {
    fc.assert(
      fc.property(fc.uniqueArray(digest), fc.array(environment), (digests, environments) => {
        const stored = digests.map((each) => ({ digest: each, bytes: 1, storedAt: 0 }));
        const removed = new Set(removable(stored, environments, 10 * DAYS));
        for (const { needed, releases } of environments) {
          for (const each of needed) expect(removed).not.toContain(each);
          const lastTen = [...new Set(releases.map((release) => release.id))].slice(0, RETENTION.releases);
          for (const release of releases) {
            if (lastTen.includes(release.id)) for (const each of release.artefacts) expect(removed).not.toContain(each);
          }
        }
      }),
    );
  });

  it("removes the 11th release's artefact, unless another environment still needs it", () => {
    const releases = Array.from({ length: 11 }, (_, n) => ({ id: `r${n}`, artefacts: [`sha256:${n}`] }));
    const stored = releases.map(({ artefacts: [first = ""] }) => ({ digest: first, bytes: 1, storedAt: 0 }));
    const production = { releases, needed: [] };
    expect(removable(stored, [production], 10 * DAYS)).toEqual(["sha256:10"]);
    expect(removable(stored, [production, { releases: [], needed: ["sha256:10"] }], 10 * DAYS)).toEqual([]);
  });

  it("keeps what was uploaded a moment ago and is not deployed yet", () => {
    const stored = [{ digest: "sha256:new", bytes: 1, storedAt: 10 * DAYS }];
    expect(removable(stored, [], 10 * DAYS + 1_000)).toEqual([]);
    expect(removable(stored, [], 12 * DAYS)).toEqual(["sha256:new"]);
  });
});
