import { homedir } from "node:os";
import path from "node:path";
import type { EngineLog } from "../engine/log.js";
import { WindlassError } from "../error.js";
import { openSignalProvider } from "../observe/signals/open.js";
import { OtlpIntake } from "../observe/signals/otlp/intake.js";
import { listenForOtlp, OTLP_ADDRESS, type OtlpAddress, type OtlpListening } from "../observe/signals/otlp/listen.js";
import type { Clock } from "../ports/clock.js";
import type { Places } from "../ports/places.js";
import type { ProbeSubject, SignalProbe, SignalProvider } from "../ports/signal-provider.js";
import { Secrets } from "../targets/host/daemon/secrets.js";

export interface ServedSignals extends SignalProvider {
  close(): Promise<void>;
}

/** Where OTLP comes in: WINDLASS_OTLP_PORT, of this machine only. */
export function otlpAddress(environment: NodeJS.ProcessEnv = process.env): OtlpAddress {
  const written = environment.WINDLASS_OTLP_PORT;
  if (written === undefined || written === "") return OTLP_ADDRESS;
  const port = Number(written);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return { ...OTLP_ADDRESS, port };
  throw new WindlassError("serve-otlp-port", `WINDLASS_OTLP_PORT is "${written}", which is not a port`, {
    hint: "a number from 1 to 65535, or nothing for 4318",
  });
}

/**
 * Signals that others count, as one control plane asks for them. The port for OTLP is opened when the first rollout
 * wants it: until then it is free for whoever else listens there.
 */
export function serveSignals(
  places: Pick<Places, "daemon">,
  clock: Clock,
  log: EngineLog,
  address: OtlpAddress = otlpAddress(),
): ServedSignals {
  const report = (error: unknown): void =>
    log("error", `signals: ${error instanceof Error ? error.message : String(error)}`, { code: "bug" });
  // The daemon's file: a token is a secret like those of services, and set in the same way.
  const secrets = new Secrets(path.join(places.daemon, "secrets"));
  const intake = new OtlpIntake(clock, report);
  const provider = openSignalProvider({
    clock,
    secret: async (environment, name) => secrets.value(environment, name, false),
    otlp: intake,
    directory: homedir(),
    report,
  });
  let port: Promise<OtlpListening> | null = null;
  const open = (): Promise<OtlpListening> => {
    port ??= listenForOtlp(intake, address).then(
      (listening) => {
        log("info", `receives OTLP at ${listening.url}`);
        return listening;
      },
      (error: unknown) => {
        // Whoever has the port may give it back: the next look tries again.
        port = null;
        throw error;
      },
    );
    return port;
  };
  return {
    begin(subject: ProbeSubject): SignalProbe {
      const probe = provider.begin(subject);
      return subject.signal.source.kind === "otlp" ? withPort(probe, open) : probe;
    },
    async close() {
      await provider.close();
      // A port that could not be had was told to the probes that asked for it.
      const listening = await port?.catch(() => null);
      await listening?.close();
    },
  };
}

/** Without its port a probe hears nothing, and says why. */
function withPort(probe: SignalProbe, open: () => Promise<OtlpListening>): SignalProbe {
  return {
    async measure(now, abort) {
      try {
        await open();
      } catch (error) {
        if (!(error instanceof WindlassError)) throw error;
        return { kind: "no-answer", sentence: `${error.message}${error.hint === undefined ? "" : `. ${error.hint}`}` };
      }
      return probe.measure(now, abort);
    },
    close: () => probe.close(),
  };
}
