import type { EnvironmentView, GroupView, ServiceView } from "../../engine/view.js";
import { bar } from "./bar.js";
import { shortEvidence, signalLine } from "./evidence-lines.js";
import type { Style } from "./style.js";
import { align, duration, plural, printable } from "./text.js";

const BAR = 16;

/** One service: its stage, its groups with replicas and weights, its signals. `now` is engine time. */
export function serviceLines(
  service: ServiceView,
  view: EnvironmentView,
  now: number,
  style: Style,
): readonly string[] {
  const head = [style.bold(service.name), ...[service.url, stageText(service, now)].filter((part) => part !== null)];
  const lines = [`  ${head.join("  ")}`];
  if (service.groups.length === 0) lines.push(`    ${style.dim("no replicas")}`);
  const isWorker = service.groups.every((group) => group.weight === 0 && group.weightInForce === null);
  const rows = service.groups.map((group) => groupCells(group, nameIn(service, group), isWorker, now, style));
  lines.push(...align(rows).map((row) => `    ${row}`));
  for (const group of service.groups) for (const line of troubles(group)) lines.push(`    ${style.red(line)}`);
  if (view.deployment?.outcome === null)
    for (const signal of service.judgement?.signals ?? [])
      lines.push(`    ${signalLine(signal, style)}`, ...shortEvidence(signal, style).map((line) => `      ${line}`));
  return lines;
}

function stageText(service: ServiceView, now: number): string | null {
  const { stage } = service;
  if (stage === null) return null;
  const which = `stage ${stage.number} of ${stage.of}: ${stage.share} %`;
  if (stage.observingSince === null) return which;
  const left = stage.observingSince + stage.minMs - now;
  if (left > 0) return `${which}, observed, ${duration(Math.ceil(left / 1000) * 1000)} left`;
  return stage.minMs === 0 ? which : `${which}, observed for ${duration(now - stage.observingSince)}`;
}

/** Builds of a dirty working tree share a label: then the id tells them apart. */
function nameIn(service: ServiceView, group: GroupView): string {
  const { id, label } = group.revision;
  return service.groups.filter((other) => other.revision.label === label).length > 1 ? `${label} (${id})` : label;
}

function groupCells(group: GroupView, name: string, isWorker: boolean, now: number, style: Style): readonly string[] {
  const enough = group.ready >= group.asked;
  const ready = `${group.ready}/${group.asked} ready`;
  const cells = [
    style.cyan(name),
    group.role,
    group.asked === 0 && group.ready === 0 ? style.dim("stopped") : enough ? style.green(ready) : style.yellow(ready),
  ];
  if (!isWorker) cells.push(weightText(group, style));
  const notes: string[] = [];
  if (group.inFlight > 0 && group.weight === 0) notes.push(`${plural(group.inFlight, "request")} in flight`);
  if (group.removeAt !== null)
    notes.push(group.removeAt > now ? `kept for ${duration(Math.ceil((group.removeAt - now) / 1000) * 1000)}` : "goes");
  if (notes.length > 0) cells.push(style.dim(notes.join(", ")));
  return cells;
}

function weightText(group: GroupView, style: Style): string {
  const shown = `${bar(group.weight, group.weightInForce, BAR, style)} ${String(group.weightInForce ?? "?").padStart(3)} %`;
  return group.weightInForce === group.weight ? shown : `${shown} (${group.weight} % asked)`;
}

function troubles(group: GroupView): readonly string[] {
  const lines: string[] = [];
  if (group.problem !== null) lines.push(`${group.revision.label}: ${group.problem}`);
  for (const replica of group.replicas) {
    const crashing = replica.crashLoop || replica.phase === "backoff";
    if (crashing && replica.lastExit !== null)
      lines.push(`${replica.id}: ${replica.lastExit.message}, ${plural(replica.restarts, "restart")}`);
    else if (replica.probe !== null && replica.phase !== "ready") lines.push(`${replica.id}: ${replica.probe}`);
  }
  return lines.slice(0, 4).map(printable);
}
