import { expect, test } from "vitest";
import { cpuQuantity, gatewayDuration, memoryQuantity } from "./quantity.js";
import { literal } from "./variables.js";

test("quantities are written as an API server writes them, so that nothing looks changed", () => {
  expect([0.5, 1, 2.25, 0.0001].map(cpuQuantity)).toEqual(["500m", "1", "2250m", "1m"]);
  expect([1024 ** 3, 512 * 1024 ** 2, 1536 * 1024 ** 2, 100_000_000, 1].map(memoryQuantity)).toEqual([
    "1Gi",
    "512Mi",
    "1536Mi",
    "97657Ki",
    "1Ki",
  ]);
});

test("durations have at most five digits", () => {
  expect([60_000, 1_500, 250, 123_456, 1e12].map(gatewayDuration)).toEqual([
    "60s",
    "1500ms",
    "250ms",
    "124s",
    "99999s",
  ]);
});

test("a dollar sign stays one", () => {
  // As the kubelet expands: `$$` is a dollar sign, `$(NAME)` a variable.
  const expanded = (text: string) =>
    text.replace(/\$\$|\$\(([^)]*)\)/g, (found, name: string) => (found === "$$" ? "$" : `<${name}>`));
  for (const text of ["$HOME", "$(HOME)", "$$", "5$", "$$(x)"]) expect(expanded(literal(text))).toBe(text);
});
