import type { About, ControlPlane, LedgerDesk } from "../engine/control-plane.js";
import type { WindlassError } from "../error.js";

/**
 * A control plane over a ledger that cannot be trusted: it drives nothing and refuses every command with the reason,
 * but its ledger can be verified, which names the record, and exported. What runs goes on.
 */
export function damagedPlane(
  reason: WindlassError,
  about: About,
  ledger: LedgerDesk,
  stop: () => Promise<void>,
): ControlPlane {
  const refuse = async (): Promise<never> => {
    throw reason;
  };
  async function* refuseStream(): AsyncGenerator<never> {
    yield await refuse();
  }
  return {
    about: async () => about,
    environments: refuse,
    environment: refuse,
    command: refuse,
    plan: refuse,
    intent: refuse,
    previewRollback: refuse,
    history: refuse,
    follow: refuseStream,
    series: refuse,
    logs: refuseStream,
    putSecrets: refuse,
    hasArtefact: refuse,
    putArtefact: refuse,
    ledger,
    doctor: async () => [{ check: "ledger", ok: false, sentence: reason.message, hint: reason.hint ?? null }],
    stop,
  };
}
