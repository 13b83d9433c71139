import type { ExitReport } from "../core/model/observation.js";
import type { EnvironmentView } from "../engine/view.js";
import type { Cli } from "./context.js";
import { nameOf } from "./environment.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import type { Followed } from "./follow.js";
import { json, next, say } from "./output.js";
import { type Style, styleOf } from "./render/style.js";
import { printable } from "./render/text.js";

/** The last words about a deployment that was followed, and the exit code. */
export function close(cli: Cli, followed: Followed, deployment: string, asJson: boolean): ExitCode {
  const code = exitCodeOf(followed);
  if (asJson) {
    const outcome = followed.kind === "finished" ? followed.outcome : followed.kind;
    const cause = followed.kind === "finished" ? followed.cause : null;
    json(cli, { kind: "result", deployment, outcome, cause, exitCode: code });
    return code;
  }
  const style = styleOf(cli.terminal);
  if (followed.kind === "detached") {
    say(cli, `Detached; ${deployment} goes on.`);
    const here = nameOf(followed);
    next(cli, `\`windlass status ${here} --follow\` attaches again`, `\`windlass abort ${here}\` takes it back`);
    return code;
  }
  const name = nameOf(followed.view);
  if (followed.kind === "waits-for-person") {
    say(
      cli,
      style.yellow(`${style.open} ${deployment} waits for a person: ${printable(followed.view.waiting.sentence)}`),
    );
    const paused = followed.view.deployment?.paused !== null;
    next(cli, `\`windlass ${paused ? "resume" : "advance"} ${name}\` or \`windlass abort ${name}\``);
    return code;
  }
  if (followed.outcome === "succeeded") closeGood(cli, followed.view, deployment, name, style);
  else closeBad(cli, followed, deployment, name, style);
  return code;
}

export function exitCodeOf(followed: Followed): ExitCode {
  if (followed.kind === "detached") return EXIT.done;
  if (followed.kind === "waits-for-person") return EXIT.waiting;
  switch (followed.outcome) {
    case "succeeded":
      return EXIT.done;
    // What was asked for does not run; something else does, and well.
    case "rolled-back":
    case "superseded":
      return EXIT.rolledBack;
    case "failed":
      return EXIT.failed;
  }
}

function closeGood(cli: Cli, view: EnvironmentView, deployment: string, name: string, style: Style): void {
  const label = view.current === null ? "" : `: ${name} is on ${view.current.label} (${view.current.id})`;
  say(cli, style.green(`${style.ok} ${deployment} is done${label}`));
  for (const service of view.services)
    if (service.url !== null) say(cli, `  ${service.name}  ${style.cyan(service.url)}`);
  next(
    cli,
    `\`windlass status ${name}\`, \`windlass logs ${name}\``,
    ...(view.before === null ? [] : [`\`windlass rollback ${name}\` goes back to ${view.before.label}`]),
  );
}

function closeBad(
  cli: Cli,
  followed: Followed & { kind: "finished" },
  deployment: string,
  name: string,
  style: Style,
): void {
  const { outcome, cause, view, trouble } = followed;
  if (outcome === "superseded") {
    const by = view.deployment !== null && view.deployment.id !== deployment ? ` by ${view.deployment.id}` : "";
    say(cli, style.yellow(`${style.open} ${deployment} was superseded${by}`));
    next(cli, "`windlass status --follow` shows the newer one");
    return;
  }
  const verb = outcome === "rolled-back" ? "was hauled back" : "failed";
  say(cli, style.red(`${style.bad} ${deployment} ${verb}`));
  if (cause !== null) say(cli, `  ${cause.service === null ? "" : `${cause.service}: `}${printable(cause.sentence)}`);
  const exit = cause?.exit ?? (trouble === null ? null : lastExit(trouble, cause?.service ?? null));
  if (exit !== null) for (const line of exitLines(exit, style, cause?.sentence ?? "")) say(cli, `  ${line}`);
  say(
    cli,
    view.current === null
      ? `  Nothing runs in ${name}: this was its first deployment.`
      : outcome === "failed"
        ? `  ${name} should be on ${view.current.label} (${view.current.id}), but that is not ready: a person is needed.`
        : `  ${name} is on ${view.current.label} (${view.current.id}).`,
  );
  const held = view.holds.length > 0 ? [`what failed is held: deploy a fix, or \`windlass unhold ${name}\``] : [];
  next(cli, `\`windlass history ${name} --events\` and \`windlass logs ${name}\` show the rest`, ...held);
}

function lastExit(view: EnvironmentView, service: string | null): ExitReport | null {
  for (const one of view.services) {
    if (service !== null && one.name !== service) continue;
    for (const group of one.groups)
      if (group.role === "new")
        for (const replica of group.replicas) if (replica.lastExit !== null) return replica.lastExit;
  }
  return null;
}

/** What a replica said last, made harmless for the terminal; `said` is not said again. */
function exitLines(exit: ExitReport, style: Style, said: string): readonly string[] {
  const { code, signal, message, lastLines } = exit;
  const how = code !== null ? `exit code ${code}` : signal;
  const head = how === null || message.includes(how) ? message : `${message} (${how})`;
  const lines = said.includes(head) ? [] : [printable(head)];
  if (exit.reason === "could-not-start") return lines;
  if (lastLines.length === 0) return [...lines, style.dim("It printed nothing.")];
  return [...lines, "It printed last:", ...lastLines.map((line) => style.dim(`| ${printable(line)}`))];
}
