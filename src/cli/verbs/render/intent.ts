import { desired } from "../../../core/deployment/desired.js";
import { afterFirstDeployment } from "../../../core/deployment/first.js";
import type { EnvironmentKey, Intent } from "../../../core/model/intent.js";
import type { EnvironmentView } from "../../../engine/view.js";
import { WindlassError } from "../../../error.js";
import type { Cli } from "../../context.js";
import { findEnvironment } from "../../environment.js";
import { buildRelease } from "../../release/build.js";
import type { ImageWorld } from "../../release/images.js";
import { environmentOf, loadSpec } from "../../spec.js";

export interface RenderedIntent {
  readonly environment: EnvironmentKey;
  readonly intent: Intent;
  /** Null: nothing was deployed, and this is what a first deployment of this directory's spec would come to. */
  readonly view: EnvironmentView | null;
}

export interface Asked {
  readonly environment: string | undefined;
  /** Whatever is deployed. */
  readonly fromSpec: boolean;
  readonly version: string | undefined;
  readonly push: boolean;
}

/** What the target is told now; where nothing was deployed, or `fromSpec`, what a first deployment would come to. */
export async function intentToRender(cli: Cli, asked: Asked, world: ImageWorld): Promise<RenderedIntent> {
  if (!asked.fromSpec) {
    const plane = await cli.connect();
    const view = await deployed(() => findEnvironment(cli, plane, asked.environment));
    if (view !== null) {
      const intent = await plane.intent(view.environment);
      if (intent.kubernetes === undefined) throw notKubernetes(view.environment);
      return { environment: view.environment, intent, view };
    }
  }
  const spec = await loadSpec(cli);
  const environment = environmentOf(spec, asked.environment);
  const key = `${spec.system.name}/${environment.name}`;
  if (environment.kubernetes === undefined) throw notKubernetes(key);
  const built = await buildRelease(spec, environment, asked.version, world);
  try {
    const release = asked.push ? await built.publish() : built.release;
    return { environment: key, intent: desired(afterFirstDeployment(key, release, environment)), view: null };
  } finally {
    await built.packed.remove();
  }
}

function notKubernetes(environment: EnvironmentKey): WindlassError {
  return new WindlassError("cli-not-kubernetes", `${environment} does not run on Kubernetes.`, {
    hint: 'Set `target: "kubernetes"` for it in the spec.',
  });
}

/** Null when nothing was deployed there; what is wrong with the name is then told by the spec. */
async function deployed(find: () => Promise<EnvironmentView>): Promise<EnvironmentView | null> {
  try {
    const view = await find();
    return view.services.length === 0 && view.deployment?.outcome !== null ? null : view;
  } catch (error) {
    const code = error instanceof WindlassError ? error.code : null;
    if (code === "cli-nothing-here" || code === "environment-unknown") return null;
    throw error;
  }
}
