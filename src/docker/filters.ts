/** Filters as the Engine's lists take them: `label=…` all of them must match. */
export type Filters = Readonly<Record<string, readonly string[]>>;

export function filtersOf(filters: Filters): string {
  return JSON.stringify(filters);
}

/** `{ a: "1" }` as label filters: `a=1`. */
export function labelled(labels: Readonly<Record<string, string>>): Filters {
  return { label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) };
}
