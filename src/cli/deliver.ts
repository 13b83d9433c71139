import type { CommandOutcome } from "../core/deployment/outcome.js";
import type { Release } from "../core/model/revision.js";
import type { ControlPlane } from "../engine/control-plane.js";
import type { EnvironmentView } from "../engine/view.js";
import { WindlassError } from "../error.js";
import type { Plan } from "../plan/plan.js";
import type { CompiledEnvironment } from "../spec/compiled.js";
import { ask } from "./command.js";
import type { Cli } from "./context.js";
import { type BuiltRelease, buildRelease } from "./release/build.js";
import { Quarters } from "./release/quarters.js";
import { type PackedSource, upload } from "./release/sources.js";
import { bytes } from "./render/text.js";
import type { LoadedSpec } from "./spec.js";

export interface Delivery {
  readonly spec: LoadedSpec;
  readonly environment: CompiledEnvironment;
  readonly key: string;
  readonly reason: string | null;
  readonly fast: boolean;
  readonly version: string | undefined;
  /** Says what takes time. */
  readonly note: (line: string) => void;
}

export interface Delivered {
  readonly release: Release;
  readonly outcome: CommandOutcome;
  /** The environment's version before the command. */
  readonly since: number;
}

/**
 * Packs, makes images, uploads, pushes and asks for a deployment. `approve` sees the plan before anything leaves this
 * machine; what would be refused never does.
 */
export async function deliver(
  cli: Cli,
  plane: ControlPlane,
  delivery: Delivery,
  approve: (plan: Plan) => Promise<boolean>,
): Promise<Delivered | null> {
  const { spec, environment, key, reason, fast } = delivery;
  const built = await buildRelease(spec, environment, delivery.version, { env: cli.env, note: delivery.note });
  try {
    const plan = await plane.plan(key, built.release, environment);
    if (!(await approve(plan))) return null;
    const all = await plane.environments();
    refuseTakenPorts(all, key, environment);
    const since = all.find((view) => view.environment === key)?.version ?? 0;
    const [obstacle] = plan.obstacles;
    if (obstacle !== undefined) {
      const { code, sentence, hint } = obstacle;
      const refusal = { code, message: sentence, hint, retry: "never" } as const;
      return { release: built.release, outcome: { kind: "refused", refusal }, since };
    }
    await send(plane, built, delivery.note);
    const release = await built.publish();
    const command = { kind: "deploy", release, environment, reason, fast } as const;
    return { release, outcome: await ask(cli, plane, key, command), since };
  } finally {
    await built.packed.remove();
  }
}

async function send(plane: ControlPlane, built: BuiltRelease, note: (line: string) => void): Promise<void> {
  const quarters = new Quarters("uploaded", note);
  await upload(plane, built.packed, {
    missing: (sources) => note(`uploading ${sources.map(describe).join("; ")}`),
    sent: (done, of) => quarters.sent(done, of),
  });
}

function describe(source: PackedSource): string {
  return `${source.services.join(", ")} (${source.files} files, ${bytes(source.bytes)})`;
}

/** Two environments on one machine cannot listen on one port; better said now than found by waiting. */
function refuseTakenPorts(all: readonly EnvironmentView[], key: string, environment: CompiledEnvironment): void {
  if (environment.kubernetes !== undefined) return;
  for (const other of all) {
    if (other.environment === key || other.cluster !== undefined) continue;
    const taken = new Map(other.services.map(({ name, url }) => [url === null ? "" : new URL(url).port, name]));
    for (const { name, listen } of Object.values(environment.services)) {
      const holder = listen === null || listen.port === 0 ? undefined : taken.get(String(listen.port));
      if (holder === undefined) continue;
      throw new WindlassError(
        "cli-port-taken",
        `${holder} of ${other.environment} listens on port ${listen?.port}, which ${name} wants.`,
        {
          hint: `Give ${name} another port in ${environment.name} (0 picks a free one), or stop the other: windlass down ${other.environment}`,
        },
      );
    }
  }
}
