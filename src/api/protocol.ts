import type { EnvironmentKey } from "../core/model/intent.js";
import { WindlassError } from "../error.js";

/** What both ends of the control plane's socket agree on. Imports nothing heavy: the CLI starts with it. */
export const API_PROTOCOL = 1;

/** Says which version the asker or the answerer speaks. N and N-1 are understood; without it, N is meant. */
export const PROTOCOL_HEADER = "windlass-protocol";

/** The code of the error in the body: a HEAD answer has no body to carry it. */
export const ERROR_HEADER = "windlass-error";

/** The Host that our client sends. A page in a browser cannot send this one, or `localhost`, for its own name. */
export const SOCKET_HOST = "windlass";

export const MAX_ARTEFACT_BYTES = 2 * 1024 ** 3;

/** A stream says something at least this often, so that a silent one is known to be dead. */
export const HEARTBEAT_MS = 10_000;

const ENVIRONMENT_KEY = /^([a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)\/([a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)$/;

/** `/v1/systems/<system>/environments/<environment>`; throws `api-bad-environment` for what is not such a key. */
export function environmentPath(key: EnvironmentKey): string {
  const [, system, environment] = ENVIRONMENT_KEY.exec(key) ?? [];
  if (system === undefined || environment === undefined)
    throw new WindlassError("api-bad-environment", `"${key}" does not name an environment`, {
      hint: "write <system>/<environment>: customer-service/production",
    });
  return `/v1/systems/${system}/environments/${environment}`;
}
