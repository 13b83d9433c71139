import { roughly } from "../../simulate/roughly.js";
import type { HarmStudy, StageStudy, Study } from "../../simulate/study.js";
import type { Style } from "./style.js";

/** One or two lines below a service of a plan: what its stages find, and what they do not. */
export function detectionLines(study: Study | null, style: Style): readonly string[] {
  if (study === null) return [style.dim("what its stages would find is not known: nothing counted its requests yet")];
  const [clean, ...harms] = study.harms;
  const rate = Number(study.conditions.requestsPerSecond.toPrecision(3));
  const finds = harms.map((one) => `${one.harm.label} ${findingText(one)}`);
  const lines = [`at ${rate} requests/s it finds ${finds.join("; ")} ${style.dim(`(${rehearsals(study)})`)}`];
  const blind = harms.flatMap(blindText);
  const slow = clean === undefined ? [] : slowText(clean);
  if (blind.length + slow.length > 0) lines.push(style.yellow([...blind, ...slow].join("; ")));
  return lines;
}

function findingText({ caught, detectMs, runs }: HarmStudy): string {
  if (caught.count === 0) return "never";
  const after = detectMs.median === null ? "" : ` after about ${roughly(detectMs.median)}`;
  return caught.count === runs ? `always${after.replace("about ", "")}` : `in ${caught.count} of ${runs}${after}`;
}

/** The first stage that misses the harm more often than not. */
function blindText({ harm, stages }: HarmStudy): readonly string[] {
  const stage = stages.find(({ caught, ends }) => asks(ends) && caught.of > 0 && caught.count * 2 < caught.of);
  if (stage === undefined) return [];
  const sees = stage.caught.count === 0 ? "cannot see" : "rarely sees";
  return [`the ${stage.share} % stage ${sees} ${harm.label}`];
}

function slowText({ stages }: HarmStudy): readonly string[] {
  const words = { hold: "holds for a person", abort: "goes back", continue: "goes on without a verdict" } as const;
  for (const { share, passed, ends } of stages)
    for (const [end, text] of Object.entries(words))
      if (passed.of > 0 && 2 * (ends[end as keyof typeof words] ?? 0) > passed.of)
        return [`a release without harm cannot pass the ${share} % stage in its time: it ${text}`];
  return [];
}

function asks(ends: StageStudy["ends"]): boolean {
  return Object.keys(ends).some((end) => end !== "time");
}

function rehearsals({ harms }: Study): string {
  const runs = [...new Set(harms.map(({ runs }) => runs))].sort((a, b) => a - b);
  const [least, most] = [runs[0], runs.at(-1)];
  return `${least === most ? least : `${least} to ${most}`} rehearsals each`;
}
