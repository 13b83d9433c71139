import type { CanaryStrategy, CompiledStage, RollingStrategy, RouteMatch, SmokeCheck, Strategy } from "../compiled.js";
import { SMOKE_DEFAULTS, STAGE_TIME_DEFAULT } from "../defaults.js";
import type { AuthoredService, AuthoredStrategy } from "./authored.js";
import { ms, percentOf } from "./quantities.js";
import type { Report } from "./report.js";
import { argv } from "./run.js";

type Of<K extends AuthoredStrategy["kind"]> = Extract<AuthoredStrategy, { kind: K }>;

/** `isCluster`: a gateway may be there that mirrors requests. */
export function strategy(service: AuthoredService, isCluster: boolean, report: Report): Strategy {
  const written = service.strategy;
  if (written === undefined || typeof written === "string") throw new Error("the strategy was not filled in");
  if (service.port === undefined && written.kind !== "rolling")
    report
      .below("strategy")
      .add(
        "spec-worker-strategy",
        `a worker without a port cannot be ${written.kind}`,
        'there are no requests to share: use "rolling"',
      );
  switch (written.kind) {
    case "rolling":
      return rolling(written, service.replicas ?? 1, report.below("strategy"));
    case "blue-green":
      return {
        kind: "blue-green",
        smoke: (written.smoke ?? []).map((check, index) => smoke(check, report.below("strategy", "smoke", index))),
        observeMs: ms(written.observe ?? ""),
        keepOldMs: ms(written.keepOld ?? ""),
      };
    case "canary":
      return canary(written, isCluster, report.below("strategy"));
  }
}

/** Surge is rounded up and unavailability down, so that a small service is never without replicas. */
function rolling(written: Of<"rolling">, replicas: number, report: Report): RollingStrategy {
  const count = (value: number | string | undefined, round: (x: number) => number) =>
    typeof value === "string" ? round((percentOf(value) * replicas) / 100) : (value ?? 0);
  const maxSurge = count(written.maxSurge, Math.ceil);
  const maxUnavailable = count(written.maxUnavailable, Math.floor);
  if (maxSurge === 0 && maxUnavailable === 0)
    report.add(
      "spec-rolling-stuck",
      `no replica could ever be replaced: maxSurge and maxUnavailable are both 0 (of ${replicas} replicas)`,
      "let one of them be at least 1",
    );
  return { kind: "rolling", maxSurge, maxUnavailable, observeMs: ms(written.observe ?? "") };
}

function smoke(check: NonNullable<Of<"blue-green">["smoke"]>[number], report: Report): SmokeCheck {
  if (typeof check === "string")
    return { kind: "http", path: check, status: SMOKE_DEFAULTS.status, timeoutMs: ms(SMOKE_DEFAULTS.timeout) };
  const timeoutMs = ms(check.timeout ?? SMOKE_DEFAULTS.timeout);
  if ("command" in check) return { kind: "command", argv: argv(check.command, report.below("command")), timeoutMs };
  return { kind: "http", path: check.http, status: check.status ?? SMOKE_DEFAULTS.status, timeoutMs };
}

function canary(written: Of<"canary">, isCluster: boolean, report: Report): CanaryStrategy {
  const stages: CompiledStage[] = [];
  for (const [index, stage] of (written.stages ?? []).entries()) {
    const here = report.below("stages", index);
    const share = percentage(stage.share);
    const time = stage.time ?? STAGE_TIME_DEFAULT;
    const [minMs, maxMs] = typeof time === "string" ? [ms(time), ms(time)] : [ms(time.min), ms(time.max)];
    if (share < 1) here.below("share").add("spec-stages", "a stage has at least 1 percent");
    const before = stages.at(-1)?.share ?? 0;
    if (share <= before)
      here.below("share").add("spec-stages", `shares rise from stage to stage: ${share} comes after ${before}`);
    if (minMs > maxMs) here.below("time").add("spec-stages", "min is longer than max");
    stages.push({ share, minMs, maxMs });
  }
  const { sticky } = written;
  const mirror = written.mirror === undefined ? 0 : percentage(written.mirror);
  if (written.mirror !== undefined && mirror < 1)
    report.below("mirror").add("spec-mirror", "at least 1 percent is mirrored, or none", "remove mirror");
  return {
    kind: "canary",
    stages,
    routes: (written.routes ?? []).map((route, index) => routeMatch(route, report.below("routes", index))),
    sticky: typeof sticky === "object" ? { cookie: sticky.cookie ?? "", ttlMs: ms(sticky.ttl ?? "") } : null,
    keepOldMs: ms(written.keepOld ?? ""),
    ...(isCluster && mirror > 0 && { mirror }),
  };
}

/** `10`, or `10%`. */
function percentage(share: number | string): number {
  return typeof share === "number" ? share : percentOf(share);
}

function routeMatch(route: NonNullable<Of<"canary">["routes"]>[number], report: Report): RouteMatch {
  if ("cookie" in route) return { kind: "cookie", name: route.cookie, value: route.value };
  const name = route.header.toLowerCase();
  if ((route.value === undefined) === (route.contains === undefined))
    report.add("spec-route", "a header route has either value or contains", '{ header: "x-canary", value: "1" }');
  return route.contains === undefined
    ? { kind: "header", name, value: route.value ?? "", mode: "exact" }
    : { kind: "header", name, value: route.contains, mode: "contains" };
}
