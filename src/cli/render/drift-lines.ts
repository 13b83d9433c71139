import type { Drift } from "../../core/model/observation.js";
import type { EnvironmentView } from "../../engine/view.js";
import type { Style } from "./style.js";
import { duration, printable } from "./text.js";

const SHOWN = 5;

/** What somebody else changed in a cluster, the latest first: the field, what it should be, and whether it is so again. */
export function driftLines({ drift = [], now }: EnvironmentView, style: Style): readonly string[] {
  const lines = drift.slice(0, SHOWN).map((one) => `  ${mark(one, style)}  ${printable(sentence(one, now))}`);
  return drift.length <= SHOWN
    ? lines
    : [...lines, `  ${style.dim(`and ${drift.length - SHOWN} more: --json has all`)}`];
}

function mark({ healed }: Drift, style: Style): string {
  return healed ? style.yellow("drift") : style.red(`${style.bad} drift`);
}

function sentence({ object, field, wanted, found, by, healed, at }: Drift, now: number): string {
  const who = by === null ? "" : ` by ${by}`;
  const what = field === "" ? `was deleted${who}` : `${field}: ${wanted} ${healed ? "became" : "is"} ${found}${who}`;
  return `${object} ${what}; ${healed ? "made right again" : "left as it is"}, ${duration(Math.max(0, now - at))} ago`;
}
