import type { CompiledEnvironment, CompiledService, CompiledStage } from "../spec/compiled.js";
import { reachableShares } from "./reachable.js";

/** How many replicas the new group has when it is whole, and the old one has now. */
interface Sizes {
  readonly size: number;
  readonly old: number;
}

/**
 * What of a rollout goes otherwise in a cluster than the spec says, a sentence each: without a gateway there are no
 * weights, no routes and no mirror, and requests that nobody counts are compared with nothing.
 */
export function clusterNotes(
  service: CompiledService,
  stages: readonly CompiledStage[],
  { size, old }: Sizes,
  { kubernetes }: CompiledEnvironment,
): readonly string[] {
  if (kubernetes === undefined || service.listen === null) return [];
  const { traffic } = kubernetes;
  const notes: string[] = [];
  if (traffic.kind === "gateway") {
    if (traffic.metrics === null) notes.push(...uncounted(service, "the gateway's metrics are not in the spec"));
    if (service.ingress?.redirect === true && traffic.section === null)
      notes.push("HTTP is not redirected: the gateway's section says which listener has HTTPS, and there is none");
    if (service.ingress?.rateLimit != null) notes.push("its rate is not limited: a gateway has no such limit");
    return notes;
  }
  const { strategy } = service;
  const why = traffic.kind === "ingress" ? "an Ingress has no weights" : "there is no gateway";
  if (strategy.kind === "canary") {
    const shares = reachableShares(stages, size, old);
    if (shares !== null) notes.push(`${why}, so replicas are the weights: ${shares}`);
    const lost = [
      strategy.routes.length > 0 ? "routes by header and cookie" : null,
      strategy.mirror !== undefined ? "mirror" : null,
      strategy.sticky !== null ? "sticky" : null,
    ].filter((one) => one !== null);
    if (lost.length > 0) notes.push(`without effect here, for want of a gateway: ${lost.join(", ")}`);
  }
  notes.push(...uncounted(service, why));
  return notes;
}

/** What is judged by requests that a gateway would count never has data. */
function uncounted({ guards, analysis, onTooLittleData }: CompiledService, why: string): readonly string[] {
  const isWatched =
    guards.some(({ signal }) => signal !== "restarts") ||
    analysis?.signals.some(({ source }) => source.kind === "errors" || source.kind === "slow");
  return isWatched ? [`nobody counts its requests, ${why}: onTooLittleData decides, which is ${onTooLittleData}`] : [];
}
