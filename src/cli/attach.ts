import { close } from "./closing.js";
import type { Cli } from "./context.js";
import { findEnvironment } from "./environment.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import { followDeployment } from "./follow.js";
import { json, say } from "./output.js";
import { progressFor } from "./progress.js";

/** Follows the deployment in progress, if there is one. */
export async function attach(cli: Cli, asked: string | undefined, asJson: boolean): Promise<ExitCode> {
  const plane = await cli.connect();
  const view = await findEnvironment(cli, plane, asked);
  const active = view.deployment;
  if (active === null || active.outcome !== null) {
    if (asJson) json(cli, { kind: "view", view });
    else say(cli, `${view.environment}: ${view.waiting.sentence}`);
    return EXIT.done;
  }
  const following = {
    environment: view.environment,
    deployment: active.id,
    since: view.version,
    leaveWhenWaiting: !cli.terminal.live,
  };
  const followed = await followDeployment(cli, plane, following, await progressFor(cli, asJson));
  return close(cli, followed, active.id, asJson);
}
