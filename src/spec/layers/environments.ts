import { BUILT_IN_ENVIRONMENTS } from "../defaults.js";
import { type Problem, problem, suggestion } from "../problem.js";
import { fill } from "./fill.js";
import { overlay, settle } from "./overlay.js";
import { expandShortForm } from "./short-forms.js";
import { isObject, type Origin, type Traced, trace } from "./trace.js";

export interface Layered {
  readonly name: string;
  /** Complete: system, the environments it extends, the environment itself, and defaults under them. */
  readonly full: Traced;
}

/** Every environment of an authored system with its layers put together, and what is wrong with `extends`. */
export function layerEnvironments(authored: Record<string, unknown>): { layered: Layered[]; problems: Problem[] } {
  const written = isObject(authored.environments) ? authored.environments : {};
  const names = [...new Set([...Object.keys(BUILT_IN_ENVIRONMENTS), ...Object.keys(written)])].filter(
    (name) => written[name] !== null,
  );
  const problems: Problem[] = [];
  const layered: Layered[] = [];
  for (const name of names) {
    const kinship = kinshipOf(name, written, names, problems);
    if (kinship === null) continue;
    layered.push({ name, full: fill(settle(stack(authored, written, kinship)), kinship, authored.name) });
  }
  return { layered, problems };
}

function stack(
  authored: Record<string, unknown>,
  written: Record<string, unknown>,
  kinship: readonly string[],
): Traced {
  const { services, resources } = authored;
  const base: Origin = { layer: { kind: "system" }, path: [] };
  let node = trace({ services: services ?? {}, resources: resources ?? {} }, base, expandShortForm);
  for (const [distance, name] of [...kinship.entries()].reverse()) {
    const { extends: _, ...settings } = isObject(written[name]) ? written[name] : {};
    const layer = distance === 0 ? ({ kind: "environment", name } as const) : ({ kind: "extends", name } as const);
    node = overlay(node, trace(settings, { layer, path: ["environments", name] }, expandShortForm));
  }
  return node;
}

/** The environment, then what it extends, and so on; null when that never ends or leads nowhere. */
function kinshipOf(
  name: string,
  written: Record<string, unknown>,
  names: readonly string[],
  problems: Problem[],
): readonly string[] | null {
  const kinship = [name];
  for (let current = name; ; ) {
    const settings = written[current];
    const parent = isObject(settings) ? settings.extends : undefined;
    if (typeof parent !== "string") return kinship;
    const path = ["environments", current, "extends"];
    const at = kinship.indexOf(parent);
    if (at >= 0) {
      // Each ring is told once, by its member that is first in the alphabet.
      const ring = kinship.slice(at);
      if (name === [...ring].sort()[0])
        problems.push(
          problem("spec-extends-cycle", path, `environments extend each other: ${[...ring, parent].join(" → ")}`),
        );
      return null;
    }
    if (!names.includes(parent)) {
      if (current === name)
        problems.push(
          problem("spec-unknown-environment", path, `unknown environment "${parent}"`, suggestion(parent, names)),
        );
      return null;
    }
    kinship.push(parent);
    current = parent;
  }
}
