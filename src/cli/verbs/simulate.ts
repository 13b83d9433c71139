import { WindlassError } from "../../error.js";
import type { CompiledEnvironment, CompiledService } from "../../spec/compiled.js";
import { suggestion } from "../../spec/problem.js";
import { durationMs } from "../../spec/quantity/duration.js";
import { percent } from "../../spec/quantity/percent.js";
import { EXIT } from "../exit-code.js";
import { environmentOf, loadSpec } from "../spec.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, textFlag, verb } from "../verb.js";

type Flags = {
  readonly service?: string;
  readonly requestsPerSecond?: number;
  readonly base?: number;
  readonly harm?: readonly string[];
  readonly bursts?: number;
  readonly runs?: number;
  readonly seed: number;
  readonly replay?: string;
  readonly recorded?: string;
};

export default verb<Flags, [string?]>({
  brief: "Rehearse a rollout many times: what its stages would catch, how fast, and who would be harmed",
  description:
    "Runs the same engine and the same analysis as a deployment, on a target in memory and under a clock that jumps:\n" +
    "the current release, then a new one with a given harm, through the stages of the spec. Nothing is changed. Traffic and\n" +
    "base are measured where the service runs. With --replay the counts of a past rollout go through what the spec says now.",
  examples: [
    "windlass simulate production",
    "windlass simulate production --requests-per-second 3 --harm +1% --harm slow=+5%",
    "windlass simulate production --replay d7   # would this have caught it?",
  ],
  parameters: {
    flags: {
      json: JSON_FLAG,
      service: textFlag("The service; may be left out when only one has stages to rehearse", "service"),
      requestsPerSecond: {
        kind: "parsed",
        parse: positive,
        brief: "Instead of what is measured",
        placeholder: "n",
        optional: true,
      },
      base: {
        kind: "parsed",
        parse: shareOf,
        brief: "Errors of both releases; measured, else 0.1%",
        placeholder: "percent",
        optional: true,
      },
      harm: {
        kind: "parsed",
        parse: String,
        brief: "+1% (points of errors more), errors=5%, slow=+5%; may be repeated; +1% and +5% unless given",
        placeholder: "harm",
        variadic: true,
        optional: true,
      },
      bursts: {
        kind: "parsed",
        parse: duration,
        brief: "Each replica has bursts of errors of its own, this long on average",
        placeholder: "duration",
        optional: true,
      },
      runs: {
        kind: "parsed",
        parse: whole,
        brief: "Rehearsals of each harm; up to 200 unless given, fewer where rollouts take long",
        placeholder: "n",
        optional: true,
      },
      seed: {
        kind: "parsed",
        parse: whole,
        brief: "The same seed tells the same rehearsals",
        placeholder: "n",
        default: "1",
      },
      replay: textFlag("A deployment (d7) whose recorded counts are judged again", "deployment"),
      recorded: textFlag("Recorded counts from a file instead of the control plane", "file"),
    },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  async run(cli, flags, asked) {
    const spec = await loadSpec(cli);
    const environment = environmentOf(spec, asked);
    const service = serviceOf(environment, flags.service);
    const about = { key: `${spec.system.name}/${environment.name}`, environment, service };
    if (flags.replay !== undefined || flags.recorded !== undefined) {
      const { replayPast } = await import("./simulate/replay.js");
      await replayPast(cli, about, flags);
    } else {
      const { rehearseMany } = await import("./simulate/rehearse.js");
      await rehearseMany(cli, about, flags);
    }
    return EXIT.done;
  },
});

/** The service that is asked for, or the only one that has stages, or the only one that answers requests. */
function serviceOf(environment: CompiledEnvironment, asked: string | undefined): CompiledService {
  const services = Object.values(environment.services);
  const answering = services.filter(({ listen }) => listen !== null);
  if (asked !== undefined) {
    const found = environment.services[asked];
    if (found !== undefined) return found;
    throw new WindlassError("cli-service-unknown", `${environment.name} has no service ${asked}.`, {
      hint: suggestion(asked, Object.keys(environment.services)),
    });
  }
  const staged = answering.filter(({ strategy }) => strategy.kind === "canary");
  const only = staged.length === 1 ? staged[0] : answering.length === 1 ? answering[0] : undefined;
  if (only !== undefined) return only;
  if (answering.length === 0)
    throw new WindlassError("cli-simulate-worker", `No service of ${environment.name} answers requests.`, {
      hint: "A worker's rollout is judged by its restarts; there is nothing to rehearse.",
    });
  const names = answering.map(({ name }) => name).join(", ");
  throw new WindlassError("cli-service-needed", "Which service?", { hint: `Name one with --service: ${names}.` });
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || value > 100_000) throw new SyntaxError(`${text} is not a number above 0, up to 100000`);
  return value;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 100_000)
    throw new SyntaxError(`${text} is not a whole number from 1 to 100000`);
  return value;
}

function shareOf(text: string): number {
  const value = percent(text);
  if (value === null) throw new SyntaxError(`${text} is not a percentage like 0.1%`);
  return value / 100;
}

function duration(text: string): number {
  const ms = durationMs(text);
  if (ms === null || ms < 1_000) throw new SyntaxError(`${text} is not a duration of a second or more, like 10s`);
  return ms;
}
