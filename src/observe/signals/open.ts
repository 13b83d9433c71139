import { WindlassError } from "../../error.js";
import type { Clock } from "../../ports/clock.js";
import type { Measurement, ProbeSubject, SignalProbe, SignalProvider } from "../../ports/signal-provider.js";
import { CommandSource } from "./command/source.js";
import type { OtlpIntake } from "./otlp/intake.js";
import { OtlpSource } from "./otlp/source.js";
import { PolledProbe } from "./probe.js";
import { PrometheusSource } from "./prometheus/source.js";
import { WebQuerySource } from "./query/source.js";
import type { Source } from "./source.js";
import type { SecretLookup } from "./token.js";
import { unanswered } from "./unanswered.js";

export interface SignalProviderOptions {
  readonly clock: Clock;
  /** Bearer tokens of sources by the name of their secret; asked for each measurement, never kept. */
  readonly secret: SecretLookup;
  /** Null: nothing is received over OTLP here, and signals that need it say so. */
  readonly otlp: OtlpIntake | null;
  /** Where commands run. */
  readonly directory: string;
  /** Told of errors that are bugs; a measurement goes on as `no-answer`. */
  readonly report: (error: unknown) => void;
}

export interface OpenSignalProvider extends SignalProvider {
  /** Ends every probe that is still open, and what it is waiting for. */
  close(): Promise<void>;
}

/**
 * Every source of signals that is not the target itself. `begin` throws `signal-not-polled` for `errors` and `slow`,
 * which the edge counts.
 */
export function openSignalProvider(options: SignalProviderOptions): OpenSignalProvider {
  const open = new Set<SignalProbe>();
  return {
    begin(subject) {
      const { source } = subject.signal;
      if (source.kind === "errors" || source.kind === "slow")
        throw new WindlassError("signal-not-polled", `the edge counts ${source.kind}: nothing is polled for it`);
      const polled = new PolledProbe(sourceOf(subject, options), source.timeoutMs, options.report);
      const probe: SignalProbe = {
        measure: (now, abort) => polled.measure(now, abort),
        async close() {
          open.delete(probe);
          await polled.close();
        },
      };
      open.add(probe);
      return probe;
    },
    async close() {
      await Promise.all([...open].map((probe) => probe.close()));
    },
  };
}

function sourceOf(subject: ProbeSubject, { clock, secret, otlp, directory }: SignalProviderOptions): Source {
  const { source } = subject.signal;
  switch (source.kind) {
    case "prometheus":
      return new PrometheusSource(source, subject, clock, secret);
    case "http":
      return new WebQuerySource(source, subject, secret);
    case "command":
      return new CommandSource(source, subject, directory);
    case "otlp":
      return otlp === null ? NO_INTAKE : new OtlpSource(otlp, subject, source);
    case "errors":
    case "slow":
      throw new WindlassError("signal-not-polled", `the edge counts ${source.kind}`);
  }
}

const NO_INTAKE: Source = {
  read: (): Promise<Measurement> => Promise.reject(unanswered("this control plane receives nothing over OTLP")),
  close: () => {},
};
