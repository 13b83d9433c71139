import type { Cause } from "../core/model/cause.js";
import type { DeploymentOutcome } from "../core/model/events.js";
import type { ControlPlane, Update } from "../engine/control-plane.js";
import type { EnvironmentView } from "../engine/view.js";
import { WindlassError } from "../error.js";
import type { Cli } from "./context.js";
import { insist } from "./insist.js";
import type { Progress } from "./render/progress.js";

/** How following ended. The deployment goes on unless it is `finished`. */
export type Followed =
  | {
      readonly kind: "finished";
      readonly outcome: DeploymentOutcome;
      readonly cause: Cause | null;
      readonly view: EnvironmentView;
      /** The last view in which a replica of the deployment was in trouble, for its last words. */
      readonly trouble: EnvironmentView | null;
    }
  | { readonly kind: "waits-for-person"; readonly view: EnvironmentView }
  | { readonly kind: "detached"; readonly environment: string };

export interface Following {
  readonly environment: string;
  readonly deployment: string;
  /** The version before the command: every event after it is shown. */
  readonly since: number;
  /** In a pipe nobody sees that it waits for a person: it ends there. */
  readonly leaveWhenWaiting: boolean;
}

/** Shows a deployment until it ends, Ctrl-C detaches, or it waits for a person. Survives a control plane that restarts. */
export async function followDeployment(
  cli: Cli,
  first: ControlPlane,
  following: Following,
  progress: Progress,
): Promise<Followed> {
  const abort = new AbortController();
  const off = cli.onInterrupt(() => abort.abort());
  let latest: EnvironmentView | null = null;
  let trouble: EnvironmentView | null = null;
  let end: { outcome: DeploymentOutcome; cause: Cause | null } | null = null;
  try {
    // The names of revisions are in the view, and the first event may already need them.
    progress.view(await insist(cli, first, (plane) => plane.environment(following.environment)));
    for await (const update of updates(cli, first, following, abort.signal, progress)) {
      if (update.kind === "event") {
        progress.event(update.event);
        end ??= endOf(update, following.deployment);
        continue;
      }
      latest = update.view;
      progress.view(latest);
      if (hasTrouble(latest)) trouble = latest;
      end ??= endInView(latest, following.deployment);
      // The view after the last event is what the closing words are about.
      if (end !== null && settledAfter(latest, following.deployment))
        return { kind: "finished", ...end, view: latest, trouble };
      if (following.leaveWhenWaiting && waitsForPerson(latest, following.deployment))
        return { kind: "waits-for-person", view: latest };
    }
  } finally {
    off();
    abort.abort();
    progress.end();
  }
  return { kind: "detached", environment: following.environment };
}

/** How long a control plane may be away before following gives up; it is started again meanwhile. */
const AWAY_MS = 30_000;

async function* updates(
  cli: Cli,
  first: ControlPlane,
  following: Following,
  signal: AbortSignal,
  progress: Progress,
): AsyncGenerator<Update> {
  let plane: ControlPlane | null = first;
  let version = following.since;
  let awaySince: number | null = null;
  while (!signal.aborted) {
    try {
      plane ??= await cli.connect();
      for await (const update of plane.follow(following.environment, version, signal)) {
        awaySince = null;
        if (update.kind === "event") version = Math.max(version, update.event.version);
        yield update;
      }
      if (signal.aborted) return;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof WindlassError && error.retry === "never" && awaySince === null && plane !== null) {
        // Asked, understood and refused; a connection that broke is another matter.
        if (
          await plane.about().then(
            () => true,
            () => false,
          )
        )
          throw error;
      }
      if (awaySince !== null && cli.now() - awaySince > AWAY_MS) throw error;
    }
    if (awaySince === null) progress.note("the control plane is away; what runs goes on; connecting again");
    awaySince ??= cli.now();
    if (cli.now() - awaySince > AWAY_MS)
      throw new WindlassError("cli-control-plane-away", "The control plane does not come back.", {
        hint: "The deployment goes on when it does. `windlass doctor` looks for the reason.",
      });
    plane = null;
    await cli.sleep(200);
  }
}

function endOf(update: Update & { kind: "event" }, deployment: string) {
  const { type, data } = update.event;
  const about = data as { deployment?: string; outcome?: DeploymentOutcome; cause?: Cause | null };
  if (about.deployment !== deployment) return null;
  if (type === "deployment.finished@1" && about.outcome !== undefined)
    return { outcome: about.outcome, cause: about.cause ?? null };
  return type === "deployment.superseded@1" ? { outcome: "superseded" as const, cause: null } : null;
}

function endInView(view: EnvironmentView, deployment: string) {
  const seen = view.deployment;
  return seen?.id === deployment && seen.outcome !== null ? { outcome: seen.outcome, cause: seen.cause } : null;
}

function settledAfter(view: EnvironmentView, deployment: string): boolean {
  return view.deployment?.id !== deployment || view.deployment.outcome !== null;
}

function hasTrouble(view: EnvironmentView): boolean {
  return view.services.some((service) =>
    service.groups.some(
      (group) =>
        group.role === "new" && (group.problem !== null || group.replicas.some((one) => one.lastExit !== null)),
    ),
  );
}

/** Paused, or a stage without a verdict at its deadline: nothing happens by itself any more. */
export function waitsForPerson(view: EnvironmentView, deployment: string): boolean {
  const seen = view.deployment;
  if (seen === null || seen.id !== deployment || seen.outcome !== null || seen.goingBack) return false;
  if (seen.paused !== null) return true;
  return view.services.some(({ stage, judgement }) => {
    if (stage === null || stage.observingSince === null || view.waiting.until !== null) return false;
    const open = judgement !== null && judgement.verdict !== "pass" && judgement.verdict !== "fail";
    return open && view.now - stage.observingSince >= stage.maxMs;
  });
}
