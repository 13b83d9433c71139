import type { DeploymentView, EnvironmentView } from "../../engine/view.js";
import { driftLines } from "./drift-lines.js";
import { shortEvidence } from "./evidence-lines.js";
import { serviceLines } from "./service-lines.js";
import type { Style } from "./style.js";
import { duration, printable } from "./text.js";

/** One environment as `status` shows it, and as it is redrawn while a deployment goes on. `now` is engine time. */
export function viewLines(view: EnvironmentView, now: number, style: Style): readonly string[] {
  const active = view.deployment !== null && view.deployment.outcome === null ? view.deployment : null;
  const stopped = view.current === null && hasRun(view.deployment);
  const nothing = style.dim(stopped ? "stopped" : "nothing yet");
  const current = view.current === null ? nothing : `${view.current.label} (${view.current.id})`;
  const where = view.cluster === undefined ? "" : `  ${style.dim(placeText(view.cluster))}`;
  const what = active === null ? current : deploymentText(active, now, style);
  const lines = [`${style.bold(view.environment)}  ${what}${where}`];
  if (active === null && view.deployment !== null && !stopped) lines.push(...lastText(view.deployment, now, style));
  for (const service of view.services) lines.push(...serviceLines(service, view, now, style));
  for (const [name, resource] of Object.entries(view.resources)) {
    const paint = resource.phase === "ready" ? style.green : resource.phase === "failed" ? style.red : style.yellow;
    lines.push(`  ${style.bold(name)}  ${paint(resource.phase)}  ${printable(resource.detail)}`);
  }
  lines.push(...driftLines(view, style));
  for (const hold of view.holds)
    lines.push(
      `  ${style.yellow("held")}  ${hold.revision.label} (${hold.revision.id}) by ${person(hold.by)}${hold.reason === view.deployment?.cause?.sentence ? "" : `: ${printable(hold.reason)}`}`,
    );
  if (view.next !== null) lines.push(`  then  ${view.next.id}: ${view.next.to.label} (${view.next.to.id})`);
  if (view.targetProblem !== null)
    lines.push(`  ${style.red(`${style.bad} target: ${printable(view.targetProblem)}`)}`);
  if (active !== null) lines.push(`  ${style.yellow("waits")}  ${waitingText(view, now)}`);
  return lines;
}

/** What ran well, or what a deployment came after, and is not current any more, was stopped by `down`. */
function hasRun(last: DeploymentView | null): boolean {
  return last !== null && last.outcome !== null && (last.outcome === "succeeded" || last.from !== null);
}

function placeText({ context, namespace }: NonNullable<EnvironmentView["cluster"]>): string {
  return `namespace ${namespace}${context === null ? "" : ` of ${context}`}`;
}

export function waitingText(view: EnvironmentView, now: number): string {
  const { sentence, until } = view.waiting;
  const left = until === null || until <= now ? "" : ` (${duration(Math.ceil((until - now) / 1000) * 1000)} left)`;
  return `${printable(sentence)}${left}`;
}

function deploymentText(active: DeploymentView, now: number, style: Style): string {
  const from = active.from === null ? "" : `${active.from.label} ${style.arrow} `;
  const parts = [`${active.id}  ${from}${active.to.label}`];
  if (active.goingBack) parts.push(style.red("going back"));
  if (active.paused !== null) parts.push(style.yellow(`paused by ${person(active.paused.by)}`));
  parts.push(style.dim(duration(Math.floor((now - active.startedAt) / 1000) * 1000)));
  return parts.join("  ");
}

function lastText(last: DeploymentView, now: number, style: Style): readonly string[] {
  const ago = last.finishedAt === null ? "" : `, ${duration(Math.max(0, now - last.finishedAt))} ago`;
  const what = `${last.id} to ${last.to.label} by ${person(last.by)}${ago}`;
  switch (last.outcome) {
    case "succeeded":
      return [`  ${style.green(`${style.ok} ${last.kind === "rollback" ? "rolled back" : "deployed"}`)}  ${what}`];
    case "rolled-back":
      return [`  ${style.red(`${style.bad} hauled back`)}  ${what}`, ...causeText(last, style)];
    case "failed":
      return [`  ${style.red(`${style.bad} failed`)}  ${what}`, ...causeText(last, style)];
    case "superseded":
      return [`  ${style.dim(`${style.open} superseded`)}  ${what}`];
    case null:
      return [];
  }
}

function causeText(last: DeploymentView, style: Style): readonly string[] {
  if (last.cause === null) return [];
  const { service, sentence, judgement } = last.cause;
  const failed = judgement?.signals.filter(({ verdict }) => verdict === judgement.verdict) ?? [];
  return [
    `    ${service === null ? "" : `${service}: `}${printable(sentence)}`,
    ...failed.flatMap((signal) => shortEvidence(signal, style)).map((line) => `      ${line}`),
  ];
}

export function person(by: string): string {
  return by.replace(/^user:/, "");
}
