import { RIVALS } from "../rivals/all.js";
import type { Rival } from "../rivals/rival.js";
import { bestUsable, type SweptCell } from "../sweep.js";
import { type Judged, meanHarmed, ofSetting } from "./judged.js";

/** A rival with the setting that harms fewest, of those that keep their false alarms on every swept trace. */
export interface AtItsBest {
  readonly rival: Rival;
  /** Null: no setting of it keeps them. */
  readonly setting: number | null;
  readonly judged: Judged | null;
  readonly harmed: number;
}

/** `rivals`: what each did on the runs in question, with all settings, in the order of RIVALS. */
export function atTheirBest(swept: readonly SweptCell[], rivals: readonly Judged[]): readonly AtItsBest[] {
  return RIVALS.flatMap((rival, r): AtItsBest[] => {
    const judged = rivals[r];
    if (judged === undefined) return [];
    const cost = meanHarmed(judged);
    const setting = bestUsable(swept, r, cost);
    if (setting === null) return [{ rival, setting, judged: null, harmed: Number.POSITIVE_INFINITY }];
    return [{ rival, setting, judged: ofSetting(judged, setting), harmed: cost[setting] ?? 0 }];
  });
}

/** Of those that are used as their makers advise. */
export function bestOf(all: readonly AtItsBest[]): AtItsBest | null {
  return all
    .filter(({ rival, setting }) => rival.advised && setting !== null)
    .reduce<AtItsBest | null>((best, one) => (best === null || one.harmed < best.harmed ? one : best), null);
}

export function settingText({ rival, setting }: AtItsBest): string {
  return setting === null ? "none keeps them" : (rival.settings[setting] ?? "");
}
