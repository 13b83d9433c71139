import path from "node:path";
import type { ReplicaCounts } from "../../../core/analysis/second.js";
import type { Measurement, ProbeSubject } from "../../../ports/signal-provider.js";
import type { CompiledSource } from "../../../spec/compiled.js";
import { type Side, sidesOf, WHOLE_GROUP } from "../groups.js";
import { fill, namesGroup } from "../placeholders.js";
import type { Source } from "../source.js";
import { outcomeOf } from "./outcome.js";
import { run } from "./run.js";

export type CommandSettings = Extract<CompiledSource, { kind: "command" }>;

const INHERITED = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/** A program that measures: the canary alone, or each group at the same time when an argument says `{{group}}`. */
export class CommandSource implements Source {
  constructor(
    private readonly settings: CommandSettings,
    private readonly subject: ProbeSubject,
    private readonly directory: string,
  ) {}

  async read(now: number, signal: AbortSignal): Promise<Measurement> {
    const { argv } = this.settings;
    const compared = argv.some(namesGroup);
    const subject = compared ? this.subject : { ...this.subject, stable: null };
    const counts: Record<Side, readonly ReplicaCounts[]> = { stable: [], canary: [] };
    // Both end before this does: no process is left behind by the other's failure.
    const runs = await Promise.allSettled(
      sidesOf(subject).map(async ({ side, group }) => {
        const filled = argv.map((argument) => fill(argument, subject, group, (value) => value));
        const ended = await run(filled, this.#environment(side, group), this.directory, signal);
        counts[side] = [{ replica: WHOLE_GROUP, ...outcomeOf(ended, filled[0] ?? "") }];
      }),
    );
    for (const each of runs) if (each.status === "rejected") throw each.reason;
    return { kind: "data", intervals: [{ at: now, ...counts }] };
  }

  close(): void {}

  #environment(side: Side, group: string): Record<string, string> {
    const { subject, settings } = this;
    const inherited = INHERITED.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    const environment = Object.fromEntries(inherited);
    const node = path.dirname(process.execPath);
    const places = (environment.PATH ?? "/usr/local/bin:/usr/bin:/bin").split(":");
    return {
      ...environment,
      PATH: (places.includes(node) ? places : [...places, node]).join(":"),
      WINDLASS_SIGNAL_NAME: subject.signal.name,
      WINDLASS_SIGNAL_ENVIRONMENT: subject.environment,
      WINDLASS_SIGNAL_SERVICE: subject.service,
      WINDLASS_SIGNAL_GROUP: group,
      WINDLASS_SIGNAL_SIDE: side,
      WINDLASS_SIGNAL_STABLE: subject.stable ?? "",
      WINDLASS_SIGNAL_CANARY: subject.canary,
      WINDLASS_SIGNAL_TIMEOUT_MS: String(settings.timeoutMs),
    };
  }
}
