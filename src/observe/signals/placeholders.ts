import type { ProbeSubject } from "../../ports/signal-provider.js";
import { unanswered } from "./unanswered.js";

const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** Puts `{{group}}`, `{{service}}` and `{{environment}}` in, each value through `escaped`. */
export function fill(
  template: string,
  subject: Pick<ProbeSubject, "service" | "environment">,
  group: string,
  escaped: (value: string) => string,
): string {
  const values: Readonly<Record<string, string>> = {
    group,
    service: subject.service,
    environment: subject.environment,
  };
  return template.replace(PLACEHOLDER, (written, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined)
      throw unanswered(`there is no placeholder ${written}: there are {{group}}, {{service}} and {{environment}}`);
    return escaped(value);
  });
}

/** Whether the text is about one group; otherwise both groups would be shown the same counts. */
export function namesGroup(template: string): boolean {
  return /\{\{\s*group\s*\}\}/.test(template);
}

/** Inside any of PromQL's three quotes: whatever could end a string or begin an escape goes as a code point. */
export function promqlText(value: string): string {
  return value.replace(/[^\w./:@+ -]/gu, (character) => {
    const point = character.codePointAt(0) ?? 0;
    return point > 0xffff ? `\\U${point.toString(16).padStart(8, "0")}` : `\\u${point.toString(16).padStart(4, "0")}`;
  });
}
