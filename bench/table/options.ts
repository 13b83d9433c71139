import { parseArgs } from "node:util";

/** Whole numbers after the benchmark's name: `npm run bench -- rollback --samples 20`. */
export function numbers<Name extends string>(defaults: Readonly<Record<Name, number>>): Record<Name, number> {
  const names = Object.keys(defaults) as Name[];
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  const { values } = parseArgs({ args: process.argv.slice(3), options });
  const chosen: Record<Name, number> = { ...defaults };
  for (const name of names) {
    const text = values[name];
    if (typeof text !== "string") continue;
    if (!/^\d+$/.test(text)) throw new RangeError(`--${name} takes a whole number, not ${text}`);
    chosen[name] = Number(text);
  }
  return chosen;
}
