/** Reads what an API server sent, where nothing can be taken for granted. */
export function field(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as Record<string | number, unknown>)[step];
  }
  return found;
}

export function text(value: unknown, ...path: readonly (string | number)[]): string | null {
  const found = field(value, ...path);
  return typeof found === "string" ? found : null;
}

export function number(value: unknown, ...path: readonly (string | number)[]): number | null {
  const found = field(value, ...path);
  return typeof found === "number" ? found : null;
}

export function list(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = field(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function record(value: unknown, ...path: readonly (string | number)[]): Readonly<Record<string, unknown>> {
  const found = field(value, ...path);
  return typeof found === "object" && found !== null && !Array.isArray(found) ? (found as Record<string, unknown>) : {};
}

/** The condition of a type among `status.conditions`, or null. */
export function condition(
  conditions: readonly unknown[],
  type: string,
): {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly generation: number | null;
} | null {
  const found = conditions.find((one) => text(one, "type") === type);
  if (found === undefined) return null;
  return {
    status: text(found, "status") ?? "Unknown",
    reason: text(found, "reason") ?? "",
    message: text(found, "message") ?? "",
    generation: number(found, "observedGeneration"),
  };
}
