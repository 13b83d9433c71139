import { WindlassError } from "../../../../error.js";
import type { Clock } from "../../../../ports/clock.js";
import type { Credentials, Identity } from "./credentials.js";
import type { ExecCredential } from "./exec-plugin.js";

/** So long before its end a credential is renewed: clocks differ, and requests take time. */
const EARLY_MS = 60_000;
/** After a credential was refused the plugin is not run again for so long: a refusal is rarely an expiry. */
const QUIET_MS = 10_000;

/** Keeps what a plugin printed until shortly before it expires; runs the plugin once for all who wait. */
export function execCredentials(run: () => Promise<ExecCredential>, clock: Clock): Credentials {
  let held: { identity: Identity; renewAt: number | null; ranAt: number } | null = null;
  let running: Promise<Identity> | null = null;

  const renew = async (): Promise<Identity> => {
    const credential = await run();
    const identity: Identity = {
      authorization: credential.token === null ? null : `Bearer ${credential.token}`,
      certificate: credential.certificate,
    };
    held = { identity, renewAt: renewalAt(credential, clock), ranAt: clock.now() };
    return identity;
  };
  const once = (): Promise<Identity> => {
    running ??= renew().finally(() => {
      running = null;
    });
    return running;
  };
  return {
    async current() {
      if (held === null || (held.renewAt !== null && clock.wall() >= held.renewAt)) return once();
      return held.identity;
    },
    async instead(refused) {
      if (held !== null && held.identity !== refused) return held.identity;
      if (held !== null && running === null && clock.now() - held.ranAt < QUIET_MS) return null;
      return once();
    },
  };
}

/** A short-lived credential is renewed in the last tenth of its life, others a minute before their end. */
function renewalAt(credential: ExecCredential, clock: Clock): number | null {
  if (credential.expiresAt === null) return null;
  const left = credential.expiresAt - clock.wall();
  if (left <= 0)
    throw new WindlassError("kubernetes-unauthorized", "the credential plugin printed a credential that has expired", {
      hint: "compare this machine's clock, or sign in again with the plugin's own tool",
      retry: "safe",
    });
  return credential.expiresAt - Math.min(EARLY_MS, left / 10);
}
