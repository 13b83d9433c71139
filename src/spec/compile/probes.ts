import type { Probe, ProbeAction, Probes } from "../compiled.js";
import type { AuthoredProbe, AuthoredService } from "./authored.js";
import { ms } from "./quantities.js";
import type { Report } from "./report.js";
import { argv } from "./run.js";

export function probes(service: AuthoredService, report: Report): Probes {
  const hasPort = service.port !== undefined;
  const one = (name: "startup" | "liveness" | "readiness"): Probe | null => {
    const written = service.probes?.[name];
    if (written === undefined || typeof written !== "object") return null;
    return probe(written, name, hasPort, report.below("probes", name));
  };
  return { startup: one("startup"), liveness: one("liveness"), readiness: one("readiness") };
}

function probe(written: AuthoredProbe, name: string, hasPort: boolean, report: Report): Probe | null {
  const chosen = (["http", "tcp", "command"] as const).filter((key) => written[key] !== undefined);
  if (chosen.length > 1) report.add("spec-probe", `a probe does one thing, not ${chosen.join(" and ")}`);
  if (chosen.length === 0) {
    report.add("spec-probe", "the probe does nothing", "without a port it needs a command");
    return null;
  }
  if (!hasPort && chosen[0] !== "command") {
    report.add(
      "spec-probe",
      `a worker has no port that a${chosen[0] === "http" ? "n http" : " tcp"} probe could reach`,
      "use a command",
    );
    return null;
  }
  const compiled: Probe = {
    action: action(written, report),
    delayMs: ms(written.delay ?? ""),
    periodMs: ms(written.period ?? ""),
    timeoutMs: ms(written.timeout ?? ""),
    failures: written.failures ?? 1,
    successes: written.successes ?? 1,
  };
  if (compiled.periodMs < 100) report.below("period").add("spec-probe", "a period is at least 100ms");
  if (compiled.timeoutMs === 0) report.below("timeout").add("spec-probe", "a timeout is longer than nothing");
  if (compiled.timeoutMs > compiled.periodMs)
    report
      .below("timeout")
      .add(
        "spec-probe",
        "the timeout is longer than the period: probes would overlap",
        "shorten timeout or lengthen period",
      );
  if (name !== "readiness" && compiled.successes !== 1)
    report.below("successes").add("spec-probe", `a ${name} probe has one success`, "only readiness counts successes");
  return compiled;
}

function action(written: AuthoredProbe, report: Report): ProbeAction {
  if (written.http !== undefined) return { kind: "http", path: written.http };
  if (written.command !== undefined) return { kind: "command", argv: argv(written.command, report.below("command")) };
  return { kind: "tcp" };
}
