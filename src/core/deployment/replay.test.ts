import { describe, expect, it } from "vitest";
import type { KnownRecord } from "../model/event.js";
import type { DomainEvent } from "../model/events.js";
import type { Revision } from "../model/revision.js";
import { emptyEnvironment, evolve } from "./evolve.js";
import { Replay } from "./replay.js";

const KEY = "shop/production";

function revision(id: string): Revision {
  const release = { digest: id, label: id, version: "1", commit: null, dirty: false, artefacts: {}, spec: "s" };
  const environment = {
    name: "production",
    target: "host" as const,
    protected: false,
    whenBusy: "supersede" as const,
    rollbackWindow: 3,
    keepReleases: 10,
    freezes: [],
    services: {},
    resources: {},
  };
  return { id, digest: id, release, environment, workloads: {} };
}

/** Deployments one after the other, each of a new revision, as commands and the engine write them. */
function past(deployments: number): KnownRecord[] {
  const events: (DomainEvent & { readonly key: string | null })[] = [];
  for (let n = 1; n <= deployments; n++) {
    const [id, deployment, key] = [`r${n}`, `d${n}`, `k${n}`];
    const request = { deployment, to: id, kind: "deploy" as const, reason: null, fast: false };
    const from = n === 1 ? null : `r${n - 1}`;
    events.push(
      { type: "revision.registered@1", data: { revision: revision(id) }, key },
      { type: "deployment.requested@1", data: request, key },
      { type: "deployment.started@1", data: { deployment, from, to: id, steps: [] }, key: null },
      { type: "deployment.finished@1", data: { deployment, outcome: "succeeded", cause: null }, key: null },
      { type: "hold.placed@1", data: { revision: id, reason: "because" }, key: null },
    );
  }
  return events.map((event, index): KnownRecord => {
    const place = { stream: KEY, version: index + 1, sequence: index + 1, at: 10 * index, by: "user:ada" };
    return { ...event, ...place, wall: "2026-01-01T00:00:00.000Z" };
  });
}

describe("a replay", () => {
  const records = past(6);

  it("comes to what the events come to one by one, wherever it begins", () => {
    let state = emptyEnvironment(KEY);
    const states = [state];
    for (const record of records) {
      state = evolve(state, record, record);
      states.push(state);
    }
    for (const [begin, from] of states.entries()) {
      const replay = new Replay(from);
      for (const record of records.slice(begin)) replay.add(record);
      expect(replay.end()).toEqual(state);
    }
  });

  it("changes neither the state that it began with nor one that it gave", () => {
    const begin = evolve(emptyEnvironment(KEY), records[0] as KnownRecord, records[0] as KnownRecord);
    const replay = new Replay(begin);
    for (const record of records.slice(1, 10)) replay.add(record);
    const given = replay.end();
    for (const record of records.slice(10)) replay.add(record);
    expect(Object.keys(begin.revisions)).toEqual(["r1"]);
    expect(Object.keys(given.revisions)).toEqual(["r1", "r2"]);
    expect(Object.keys(replay.end().revisions)).toHaveLength(6);
  });
});
