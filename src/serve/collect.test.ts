import { describe, expect, it } from "vitest";
import { emptyEnvironment } from "../core/deployment/evolve.js";
import type { Revision } from "../core/model/revision.js";
import type { EnvironmentState } from "../core/model/state.js";
import { spentImages } from "./collect.js";

const image = (release: number): string => `registry.example.com/shop/api@sha256:${release}`;

/** A revision of a release that made one image; of the environment only what is kept matters. */
function revision(release: number, images: Record<string, string> = { api: image(release) }): Revision {
  return {
    id: `r${release}`,
    digest: `revision-${release}`,
    release: {
      digest: `release-${release}`,
      label: `1.0.${release}+abc1234`,
      version: `1.0.${release}`,
      commit: "abc1234",
      dirty: false,
      artefacts: {},
      images,
      spec: "spec",
    },
    environment: { rollbackWindow: 2, keepReleases: 10 } as Revision["environment"],
    workloads: {},
  };
}

/** An environment after these revisions, the last of which settled. */
const having = (revisions: readonly Revision[], settled = revisions.slice(-1)): EnvironmentState => ({
  ...emptyEnvironment("shop/production"),
  revisions: Object.fromEntries(revisions.map((one) => [one.id, one])),
  settled: settled.map(({ id }) => id),
});
const upTo = (last: number): Revision[] => Array.from({ length: last }, (_, index) => revision(index + 1));

describe("images that nothing goes back to any more", () => {
  it("are those before the last ten releases, with the tags that people know them by", () => {
    expect(spentImages([having(upTo(12))])).toEqual([
      { reference: image(2), tags: ["1.0.2-abc1234"] },
      { reference: image(1), tags: ["1.0.1-abc1234"] },
    ]);
  });

  it("are none that another environment has, or that is a way back", () => {
    const [first, second] = upTo(2);
    const staging = having([first as Revision]);
    const behind = having(upTo(12), [second as Revision]);
    expect(spentImages([having(upTo(12)), staging, behind])).toEqual([]);
  });

  it("keep an image that did not change over many releases, and give it up with every name that it had", () => {
    const same = (release: number) => revision(release, { api: image(0) });
    expect(spentImages([having(Array.from({ length: 12 }, (_, index) => same(index + 1)))])).toEqual([]);
    const later = [same(1), same(2), ...Array.from({ length: 10 }, (_, index) => revision(index + 3))];
    expect(spentImages([having(later)])).toEqual([{ reference: image(0), tags: ["1.0.2-abc1234", "1.0.1-abc1234"] }]);
  });

  it("are none where releases have archives", () => {
    expect(spentImages([having(Array.from({ length: 12 }, (_, index) => revision(index + 1, {})))])).toEqual([]);
  });
});
