import fc from "fast-check";
import { expect, it } from "vitest";
import { fill, namesGroup, promqlText } from "./placeholders.js";

const subject = { service: "web", environment: "shop/production" };
const asIs = (value: string): string => value;

it("puts the names in, wherever and however often they are asked for", () => {
  const query = 'x{service="{{environment}}/{{service}}",group="{{ group }}"} or y{group="{{group}}"}';
  expect(fill(query, subject, "r2", promqlText)).toBe('x{service="shop/production/web",group="r2"} or y{group="r2"}');
  expect(namesGroup(query)).toBe(true);
  expect(namesGroup("{{service}}")).toBe(false);
});

it("names a placeholder that there is not", () => {
  expect(() => fill("{{revision}}", subject, "r2", asIs)).toThrow("there is no placeholder {{revision}}");
  expect(() => fill("{{constructor}}", subject, "r2", asIs)).toThrow("there is no placeholder");
});

it("does not look for placeholders in what it put in", () => {
  expect(fill("{{group}}", subject, "{{service}}", asIs)).toBe("{{service}}");
});

it("escapes for PromQL whatever could end a string, in each of its three quotes", () => {
  expect(promqlText("a\"b\\c`d'e\nf")).toBe("a\\u0022b\\u005cc\\u0060d\\u0027e\\u000af");
  expect(promqlText("🚢é")).toBe("\\U0001f6a2\\u00e9");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const escaped = promqlText(text);
      expect(escaped).toMatch(/^[\w./:@+ \\-]*$/);
      const read = escaped.replace(/\\u([0-9a-f]{4})|\\U([0-9a-f]{8})/g, (_all, four?: string, eight?: string) =>
        String.fromCodePoint(Number.parseInt(four ?? eight ?? "", 16)),
      );
      expect(read).toBe(text);
    }),
    { seed: 1, numRuns: 200 },
  );
});
