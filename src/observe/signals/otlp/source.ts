import type { Measurement, ProbeSubject } from "../../../ports/signal-provider.js";
import type { Source } from "../source.js";
import type { OtlpIntake } from "./intake.js";
import type { OtlpSettings, Watch } from "./watch.js";

/** What a service sends to Windlass itself, since the probe began. */
export class OtlpSource implements Source {
  readonly #watch: Watch;

  constructor(
    private readonly intake: OtlpIntake,
    subject: ProbeSubject,
    settings: OtlpSettings,
  ) {
    this.#watch = intake.watch(subject, settings);
  }

  async read(now: number): Promise<Measurement> {
    return this.#watch.take(now);
  }

  close(): void {
    this.intake.unwatch(this.#watch);
  }
}
