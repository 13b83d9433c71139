import type { CompiledSource, MetricSelector, Polled, SourceToken } from "../compiled.js";
import { HTTP_SOURCE_DEFAULTS, POLL_DEFAULTS, PROMETHEUS_DEFAULTS } from "../defaults.js";
import type { AuthoredSignal } from "./authored.js";
import { ms } from "./quantities.js";
import type { Report } from "./report.js";
import { argv } from "./run.js";

export const SOURCES = ["prometheus", "otlp", "http", "command"] as const;
const PLACEHOLDERS = ["group", "service", "environment"];

type Of<K extends (typeof SOURCES)[number]> = NonNullable<AuthoredSignal[K]>;

/** The one source of a signal that the edge does not count. */
export function source(name: string, written: AuthoredSignal, report: Report): CompiledSource {
  const chosen = SOURCES.filter((key) => written[key] !== undefined);
  if (chosen.length === 0)
    report.add("spec-signal", `nobody counts "${name}"`, `it needs a source: ${SOURCES.join(", ")}`);
  if (chosen.length > 1) report.add("spec-signal", `a signal has one source, not ${chosen.join(" and ")}`);
  const times = polled(written, report);
  const [kind] = chosen;
  if (kind === undefined) return { kind: "command", argv: [], ...times };
  const here = report.below(kind);
  if (written.prometheus !== undefined) return { ...prometheus(written.prometheus, here), ...times };
  if (written.otlp !== undefined) return { ...otlp(written.otlp), ...times };
  if (written.http !== undefined) return { ...http(written.http, here), ...times };
  return { kind: "command", argv: argv(written.command ?? [], here), ...times };
}

function polled(written: AuthoredSignal, report: Report): Polled {
  const times = {
    everyMs: ms(written.every ?? POLL_DEFAULTS.every),
    timeoutMs: ms(written.timeout ?? POLL_DEFAULTS.timeout),
    staleMs: ms(written.stale ?? POLL_DEFAULTS.stale),
  };
  if (times.everyMs < 1000) report.below("every").add("spec-signal", "a source is asked once a second at most");
  if (times.timeoutMs === 0) report.below("timeout").add("spec-signal", "a timeout is longer than nothing");
  if (times.timeoutMs > times.everyMs)
    report
      .below("timeout")
      .add(
        "spec-signal",
        "the timeout is longer than every: questions would overlap",
        "shorten timeout or lengthen every",
      );
  if (times.staleMs < 2 * times.everyMs)
    report
      .below("stale")
      .add("spec-signal", "one answer that is late would count as none", "stale is at least twice every");
  return times;
}

function prometheus(written: Of<"prometheus">, report: Report) {
  const { url, bad, total, replicaLabel, token } = written;
  checkUrl(url, report.below("url"));
  for (const [key, query] of Object.entries({ bad, total })) {
    checkPlaceholders(query, report.below(key));
    needGroup(query, report.below(key), 'as in {replica=~"{{service}}-{{group}}-.*"}');
  }
  return {
    kind: "prometheus" as const,
    ...{ url, bad, total },
    replicaLabel: replicaLabel ?? PROMETHEUS_DEFAULTS.replicaLabel,
    token: secretName(token, report.below("token")),
  };
}

function otlp({ bad, total }: Of<"otlp">) {
  const selector = (written: typeof bad): MetricSelector =>
    typeof written === "string"
      ? { metric: written, attributes: {} }
      : { metric: written.metric, attributes: written.attributes ?? {} };
  return { kind: "otlp" as const, bad: selector(bad), total: selector(total) };
}

function http(written: Of<"http">, report: Report) {
  const { url, bad, total, counts, token } = written;
  checkUrl(url, report.below("url"));
  for (const [key, text] of Object.entries({ url, bad, total })) checkPlaceholders(text, report.below(key));
  needGroup(url, report.below("url"), "as in /counts?revision={{group}}");
  return {
    kind: "http" as const,
    ...{ url, bad, total },
    counts: counts ?? HTTP_SOURCE_DEFAULTS.counts,
    token: secretName(token, report.below("token")),
  };
}

function checkUrl(url: string, report: Report): void {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    report.add("spec-signal-url", "not a URL that can be asked", 'write "http://host:port/…" or https');
  // A password in a spec would be in the ledger for ever.
  else if (parsed.username !== "" || parsed.password !== "")
    report.add(
      "spec-secret-in-url",
      "the URL holds a user or a password",
      'token: secret("…") keeps it out of the spec',
    );
}

function checkPlaceholders(text: string, report: Report): void {
  for (const [placeholder, name = ""] of text.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g))
    if (!PLACEHOLDERS.includes(name))
      report.add(
        "spec-placeholder",
        `"${placeholder}" stands for nothing`,
        `known: ${PLACEHOLDERS.map((known) => `{{${known}}}`).join(", ")}`,
      );
}

/** Without it no comparison would ever find a difference. */
function needGroup(text: string, report: Report, hint: string): void {
  if (!/\{\{\s*group\s*\}\}/.test(text))
    report.add("spec-placeholder", "{{group}} is missing: both releases would have the same counts", hint);
}

function secretName(token: Of<"http">["token"], report: Report): SourceToken {
  if (token?.generate !== undefined)
    report.below("generate").add("spec-signal", "somebody else's token cannot be made up", "remove generate");
  return token?.secret ?? null;
}
