/**
 * Picks by weight, exactly and evenly spread (smooth weighted round robin): over any run of picks that is as long as
 * the sum of the weights, each item comes as often as its weight says.
 */
export function createMix<T extends { readonly name: string; readonly weight: number }>(items: readonly T[]): () => T {
  const entries = items.filter((item) => item.weight > 0).map((item) => ({ item, current: 0 }));
  const [first] = entries;
  if (first === undefined) throw new RangeError("a mix has at least one template with a weight above 0");
  if (new Set(items.map((item) => item.name)).size !== items.length) throw new RangeError("names in a mix are unique");
  const sum = entries.reduce((total, { item }) => total + item.weight, 0);
  return () => {
    let best = first;
    for (const entry of entries) {
      entry.current += entry.item.weight;
      if (entry.current > best.current) best = entry;
    }
    best.current -= sum;
    return best.item;
  };
}
