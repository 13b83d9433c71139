import { WindlassError } from "../error.js";
import type { BadShares } from "./requests.js";

/** What is wrong with a rehearsed release: shares of requests, 0..1, on top of the base. */
export interface Harm {
  /** `+1 point of errors`, `no harm`. */
  readonly label: string;
  readonly shares: BadShares;
}

export const NO_HARM: Harm = { label: "no harm", shares: { errors: 0, slow: 0 } };
export const DEFAULT_HARMS = ["+1%", "+5%"] as const;

const FORM = /^(?:(errors|slow)=)?(\+)?(\d+(?:\.\d+)?) ?%$/;

/**
 * `+1%` or `errors=+1%`: one point of errors more than the base; `errors=5%`: 5 % of the requests in all; `slow=…`
 * likewise; `none`. Throws `cli-harm`.
 */
export function harmOf(text: string, base: BadShares): Harm {
  if (text === "none") return NO_HARM;
  const match = FORM.exec(text.trim());
  if (match === null)
    throw new WindlassError("cli-harm", `"${text}" is no harm.`, {
      hint: "`+1%` is a point of errors more, `errors=5%` an error rate, `slow=+5%` more slow requests, `none` no harm",
    });
  const signal = (match[1] ?? "errors") as keyof BadShares;
  const percent = Number(match[3]);
  const added = percent / 100 - (match[2] === undefined ? base[signal] : 0);
  if (added <= 0 || added + base[signal] > 1 + 1e-9)
    throw new WindlassError("cli-harm", `${text} is no harm: ${signal} are ${percentText(base[signal])} anyway.`, {
      hint: `name more than ${percentText(base[signal])} and at most 100 %, or \`+1%\` for a point more`,
    });
  const noun = signal === "errors" ? "errors" : "slow requests";
  const label =
    match[2] === undefined ? `${percent} % ${noun}` : `+${percent} ${percent === 1 ? "point" : "points"} of ${noun}`;
  return { label, shares: { errors: 0, slow: 0, [signal]: added } };
}

export function percentText(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
