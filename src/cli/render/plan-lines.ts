import type { Plan, ServicePlan } from "../../plan/plan.js";
import type { Study } from "../../simulate/study.js";
import { detectionLines } from "./detection-lines.js";
import type { Style } from "./style.js";
import { printable } from "./text.js";

interface Detection {
  readonly service: string;
  readonly study: Study | null;
}

/** What a deployment would change, and why; below each canary what its stages would find. */
export function planLines(plan: Plan, style: Style, detections: readonly Detection[] = []): readonly string[] {
  const from = plan.from === null ? "" : `${plan.from.label} ${style.arrow} `;
  const lines = [`${style.bold(plan.environment)}  ${from}${style.cyan(plan.to.label)}`];
  for (const service of plan.services) {
    lines.push(...serviceLines(service, style));
    const detection = detections.find((one) => one.service === service.service);
    if (detection !== undefined) lines.push(...detectionLines(detection.study, style).map((line) => `      ${line}`));
  }
  for (const { name, action, why } of plan.resources)
    lines.push(`  ${actionSign(action, style)} ${name}  ${action}${why === "" ? "" : `: ${printable(why)}`}`);
  for (const warning of plan.warnings ?? [])
    lines.push(
      `  ${style.yellow(`${style.bad} ${printable(warning.sentence)}`)} ${style.dim(`[${warning.code}]`)}`,
      `    ${printable(warning.hint)}`,
    );
  if (!plan.changes) lines.push("  Nothing changes: this runs already.");
  for (const obstacle of plan.obstacles)
    lines.push(
      `  ${style.red(`${style.bad} would be refused: ${printable(obstacle.sentence)}`)} ${style.dim(`[${obstacle.code}]`)}`,
      `    ${printable(obstacle.hint)}`,
    );
  return lines;
}

function serviceLines(plan: ServicePlan, style: Style): readonly string[] {
  const head = `  ${actionSign(plan.action, style)} ${style.bold(plan.service)}  ${plan.action}`;
  if (plan.action === "keep")
    return [`${head}${plan.because.length === 0 ? "" : `: ${plan.because.map(printable).join("; ")}`}`];
  const risk = plan.risk === "high" ? style.red : plan.risk === "medium" ? style.yellow : style.green;
  return [
    `${head}${plan.how === "" ? "" : `: ${printable(plan.how)}`}`,
    ...plan.because.map((reason) => `      ${printable(reason)}`),
    `      risk ${risk(plan.risk)}${plan.why === "" ? "" : `: ${printable(plan.why)}`}`,
  ];
}

function actionSign(action: string, style: Style): string {
  if (action === "create") return style.green("+");
  if (action === "remove") return style.red("-");
  return action === "keep" ? style.dim("=") : style.yellow("~");
}
