import { WindlassError } from "../../../error.js";
import { adviseOn } from "../../../simulate/advice.js";
import { DEFAULT_HARMS, harmOf } from "../../../simulate/harm.js";
import { BASE } from "../../../simulate/measure.js";
import { isCounted, leftOut } from "../../../simulate/part.js";
import { type Effort, study, THOROUGH } from "../../../simulate/study.js";
import type { CompiledEnvironment, CompiledService } from "../../../spec/compiled.js";
import type { Cli } from "../../context.js";
import { json, next, say } from "../../output.js";
import { simulateLines } from "../../render/simulate-lines.js";
import { styleOf } from "../../render/style.js";
import { measuredTraffic } from "./traffic.js";

export interface About {
  readonly key: string;
  readonly environment: CompiledEnvironment;
  readonly service: CompiledService;
}

interface Asked {
  readonly json: boolean;
  readonly requestsPerSecond?: number;
  readonly base?: number;
  readonly harm?: readonly string[];
  readonly bursts?: number;
  readonly runs?: number;
  readonly seed: number;
}

/** Rehearses each harm and says what was found and what it suggests. */
export async function rehearseMany(cli: Cli, { key, environment, service }: About, asked: Asked): Promise<void> {
  const plane = await cli.reach();
  const known = plane === null ? null : await measuredTraffic(plane, key, service.name);
  const requestsPerSecond = asked.requestsPerSecond ?? known?.requestsPerSecond;
  if (requestsPerSecond === undefined)
    throw new WindlassError("cli-traffic-unknown", `How many requests does ${service.name} get?`, {
      hint: `Nothing of it was counted in ${key} in the last two days: say it with --requests-per-second.`,
    });
  const found = known?.base ?? BASE;
  const base = { ...found, errors: asked.base ?? found.errors };
  const harms = (asked.harm ?? DEFAULT_HARMS).map((text) => harmOf(text, base));
  const effort: Effort = { ...THOROUGH, runs: asked.runs ?? null };
  const conditions = { requestsPerSecond, base, burstMs: asked.bursts ?? null };
  const about = { environment, service: service.name, conditions, seed: asked.seed };
  const counter = cli.terminal.live && !asked.json ? new Counter(cli) : null;
  const result = await study(about, harms, effort, ({ harm, run, most }) =>
    counter?.show(`rehearses ${harm.label}: ${run} of at most ${most}`),
  );
  counter?.show("tries other stages");
  const advice = adviseOn(about, result);
  counter?.end();
  const left = leftOut(service, isCounted);
  if (asked.json) {
    json(cli, { ...result, environment: key, measured: known, advice, notRehearsed: left });
    return;
  }
  const origin = asked.requestsPerSecond === undefined ? "measured" : "as asked";
  for (const line of simulateLines(key, result, { origin, advice, notRehearsed: left }, styleOf(cli.terminal)))
    say(cli, line);
  next(
    cli,
    `\`windlass simulate ${environment.name} --harm slow=+5% --bursts 10s\` tries other harm and other weather`,
    `\`windlass plan ${environment.name}\` shows what a deployment would change`,
  );
}

/** One line that is written over, on standard error. */
class Counter {
  #shown = 0;

  constructor(private readonly cli: Cli) {}

  show(text: string): void {
    this.cli.process.stderr.write(`\r${text.padEnd(this.#shown)}`);
    this.#shown = text.length;
  }

  end(): void {
    this.cli.process.stderr.write(`\r${" ".repeat(this.#shown)}\r`);
  }
}
