import { expect, test } from "vitest";
import { group, intent, traffic } from "../../../../test/contract/intents.js";
import type { EdgeService } from "../edge/protocol.js";
import { edgeServices, type ReplicaView, type TableInput } from "./edge-table.js";

const replica = (id: string, phase: ReplicaView["phase"], more: Partial<ReplicaView> = {}): ReplicaView => ({
  environment: "shop/test",
  service: "web",
  group: "r1",
  id,
  phase,
  port: 20_001,
  ...more,
});
const listeners = new Map([["shop/test/web", { host: "127.0.0.1", port: 8080 }]]);
const input = (changes: Partial<TableInput>): TableInput => ({
  intents: [
    {
      environment: "shop/test",
      intent: intent({ web: { groups: { r1: group("r1", 2) }, traffic: traffic({ r1: 100 }) } }),
    },
  ],
  replicas: [],
  listeners,
  before: new Map(),
  ...changes,
});
const only = (services: EdgeService[]): EdgeService => services[0] ?? expect.fail("no service");

test("only what can be asked is in the table: ready ones get requests, unready and draining ones are still known", () => {
  const replicas = [
    replica("1", "ready"),
    replica("2", "unready"),
    replica("3", "draining"),
    replica("4", "starting"),
    replica("5", "stopping"),
    replica("6", "ready", { port: null }),
    replica("7", "ready", { environment: "shop/other" }),
  ];
  const { groups, weights } = only(edgeServices(input({ replicas })));
  expect(weights).toEqual({ r1: 100 });
  expect(groups.r1?.replicas.map(({ id, ready, draining }) => [id, ready, draining])).toEqual([
    ["1", true, false],
    ["2", false, false],
    ["3", false, true],
  ]);
});

test("a group that carries weight is there before its replicas are, so that its requests are held", () => {
  expect(only(edgeServices(input({}))).groups.r1).toEqual({ label: "1.0.0-r1", replicas: [] });
});

test("a group that is wanted no more stays while a replica of it drains", () => {
  const replicas = [replica("old", "draining", { group: "r0" }), replica("older", "stopping", { group: "r00" })];
  expect(Object.keys(only(edgeServices(input({ replicas }))).groups)).toEqual(["r1", "r0"]);
});

test("a service on its way out holds no request, and goes when nothing drains", () => {
  const before = new Map([["shop/test/web", only(edgeServices(input({})))]]);
  const draining = edgeServices(input({ intents: [], before, replicas: [replica("1", "draining")] }));
  expect(only(draining)).toMatchObject({ weights: {}, policy: { holdMs: 0 } });
  expect(only(draining).groups.r1?.replicas).toHaveLength(1);
  expect(edgeServices(input({ intents: [], before, replicas: [replica("1", "stopping")] }))).toEqual([]);
});

test("workers and services whose port is taken are not the edge's", () => {
  const groups = { r1: group("r1", 1) };
  const intents = [
    {
      environment: "shop/test",
      intent: intent({ job: { groups, traffic: null }, web: { groups, traffic: traffic({}) } }),
    },
  ];
  expect(edgeServices(input({ intents, listeners: new Map() }))).toEqual([]);
});
