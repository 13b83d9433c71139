import type { CompiledService } from "../spec/compiled.js";
import type { CompiledIngress } from "../spec/compiled-cluster.js";
import { looserThanBefore, watchesAnswers } from "./comparison.js";
import type { ServicePlan } from "./plan.js";

interface Change {
  readonly action: ServicePlan["action"];
  readonly before: CompiledService | undefined;
  readonly after: CompiledService | undefined;
  /** Percent of the requests that meet a canary first; where replicas are the weights, not what its first stage says. */
  readonly firstShare?: number;
}

interface Risk {
  readonly risk: ServicePlan["risk"];
  readonly why: string;
}

/** How bad it may get before it is hauled back, with every reason for the level that is said. */
export function riskOf(change: Change): Risk {
  const high = change.action === "remove" ? ["clients that still call it fail"] : highReasons(change);
  if (high.length > 0) return { risk: "high", why: high.join("; ") };
  const medium = mediumReasons(change);
  if (medium.length > 0) return { risk: "medium", why: medium.join("; ") };
  return { risk: "low", why: lowReason(change) };
}

function highReasons({ action, before, after }: Change): readonly string[] {
  if (action === "create" || after === undefined) return [];
  const reasons: string[] = [];
  if (before?.ingress !== undefined && after.ingress === undefined)
    reasons.push("it loses its ingress: clients outside of the cluster cannot reach it any more");
  if (action === "keep") return reasons;
  if (after.probes.readiness === null && after.listen !== null)
    reasons.push("no readiness probe: a replica gets requests before it is known to work");
  const stopsAll =
    after.strategy.kind === "rolling" &&
    after.strategy.maxSurge === 0 &&
    after.strategy.maxUnavailable >= after.replicas &&
    after.listen !== null;
  if (stopsAll) reasons.push("every old replica stops before a new one is ready");
  if (after.listen !== null && !watchesAnswers(after))
    reasons.push("no guard watches its answers, so bad ones do not haul it back");
  if (before !== undefined && before.listen !== null && after.listen === null)
    reasons.push("it loses its port: clients cannot reach it any more");
  return reasons;
}

function mediumReasons({ action, before, after }: Change): readonly string[] {
  if (after === undefined || action === "create") return [];
  const reasons: string[] = [];
  if (
    before?.listen &&
    after.listen &&
    (before.listen.port !== after.listen.port || before.listen.host !== after.listen.host)
  )
    reasons.push("its address changes: clients have to follow");
  if (before?.ingress && after.ingress && placesOf(before.ingress) !== placesOf(after.ingress))
    reasons.push("its ingress changes: clients have to follow");
  const looser = looserThanBefore(before?.analysis, after.analysis);
  reasons.push(...looser);
  if (action === "keep") return reasons;
  if (after.strategy.kind === "canary" && !after.analysis && looser.length === 0)
    reasons.push("it is not compared with what runs: thresholds alone decide");
  const uses = (service: CompiledService | undefined) => service?.uses.map((use) => use.resource).join() ?? "";
  if (before !== undefined && uses(before) !== uses(after)) reasons.push("it uses other resources");
  if (before !== undefined && isContainer(before) !== isContainer(after)) reasons.push("it runs in another way");
  if (after.strategy.kind === "rolling" && after.strategy.observeMs === 0)
    reasons.push("it is not watched after the last replica");
  if (after.strategy.kind === "blue-green" && after.strategy.smoke.length === 0)
    reasons.push("all requests move at once, without a smoke check before");
  if (after.onTooLittleData === "continue" && after.strategy.kind !== "rolling")
    reasons.push("without enough requests it goes on unseen");
  return reasons;
}

function isContainer({ run, build }: CompiledService): boolean {
  return run.kind === "image" || build !== undefined;
}

function placesOf({ hosts, path }: CompiledIngress): string {
  return [...hosts, path].join(" ");
}

function lowReason({ action, after, firstShare }: Change): string {
  if (action === "keep") return "its replicas are not touched";
  if (action === "create") return "nothing runs there yet";
  if (after?.strategy.kind === "canary")
    return `at most ${firstShare ?? after.strategy.stages[0]?.share ?? 100} % of requests meet it first`;
  if (after?.strategy.kind === "blue-green") return "checked before the switch, and the old ones stay as the way back";
  return "a few replicas at a time, watched";
}
