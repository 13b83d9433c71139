import { digestOf } from "../digest.js";

/** RFC 1123. */
const LONGEST = 63;
const DIGITS = 8;

/** The namespace of an environment: `<system>-<environment>`; what is too long is cut, with digits so that no two share one. */
export function defaultNamespace(system: string, environment: string): string {
  const whole = `${system}-${environment}`;
  if (whole.length <= LONGEST) return whole;
  // Of both names: a-b/c and a/b-c read the same, but one is the other's whole only when it is short.
  const digits = digestOf([system, environment]).slice("sha256:".length, "sha256:".length + DIGITS);
  return `${whole.slice(0, LONGEST - DIGITS - 1).replace(/-+$/, "")}-${digits}`;
}
