import type { ControlPlane } from "../engine/control-plane.js";
import type { EnvironmentView } from "../engine/view.js";
import { WindlassError } from "../error.js";
import { suggestion } from "../spec/problem.js";
import type { Cli } from "./context.js";
import { identify } from "./spec.js";

/**
 * The environment that a verb is about, as it is now. `asked` is a name, a key or nothing; nothing means the only one
 * that there is, of the directory's system when it has a spec. Throws `environment-unknown` with the nearest name, and
 * `cli-environment-needed` with the ones to choose from.
 */
export async function findEnvironment(
  cli: Cli,
  plane: ControlPlane,
  asked: string | undefined,
): Promise<EnvironmentView> {
  if (asked?.includes("/") === true) return plane.environment(asked);
  const all = await plane.environments();
  const identity = await identify(cli);
  const here = identity === null ? all : all.filter((one) => systemOf(one) === identity.system);
  const candidates = asked === undefined ? here : here.filter((one) => nameOf(one) === asked);
  const running = candidates.filter((one) => one.services.length > 0 || one.deployment?.outcome === null);
  const only = candidates.length === 1 ? candidates[0] : running.length === 1 ? running[0] : undefined;
  if (only !== undefined) return only;
  if (asked !== undefined && candidates.length === 0) throw unknown(asked, identity?.environments ?? [], here);
  if (candidates.length === 0)
    throw new WindlassError("cli-nothing-here", `Nothing of ${identity?.system ?? "any system"} was deployed yet.`, {
      hint: "`windlass up` runs this directory's system; `windlass deploy <environment>` delivers it.",
    });
  const keys = candidates.map((one) => (identity === null ? one.environment : nameOf(one)));
  throw new WindlassError("cli-environment-needed", "Which environment?", { hint: `Name one: ${keys.join(", ")}.` });
}

function unknown(asked: string, declared: readonly string[], deployed: readonly EnvironmentView[]): WindlassError {
  if (declared.includes(asked))
    return new WindlassError("cli-nothing-here", `Nothing was deployed to ${asked} yet.`, {
      hint: `\`windlass deploy ${asked}\` does.`,
    });
  const known = new Set([...declared, ...deployed.map(nameOf)]);
  return new WindlassError("environment-unknown", `There is no environment ${asked}.`, {
    hint: suggestion(asked, known),
  });
}

export function nameOf(view: Pick<EnvironmentView, "environment">): string {
  return view.environment.slice(view.environment.indexOf("/") + 1);
}

function systemOf(view: EnvironmentView): string {
  return view.environment.slice(0, view.environment.indexOf("/"));
}
