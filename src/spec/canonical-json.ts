/**
 * JSON in one form only (RFC 8785): keys sorted by UTF-16 code unit, no white space, numbers as ECMAScript prints
 * them. A property that is `undefined` is left out; anything else that JSON cannot say is refused, because a digest
 * over a value that was silently changed would be a lie. Throws TypeError with the path of the value.
 */
export function canonicalJson(value: unknown): string {
  return write(value, "$", new Set());
}

function write(value: unknown, at: string, above: Set<object>): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return text(value, at);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`${at} is ${value}, which JSON cannot say`);
    return JSON.stringify(value);
  }
  if (typeof value !== "object") throw new TypeError(`${at} is a ${typeof value}, which JSON cannot say`);
  if (above.has(value)) throw new TypeError(`${at} contains itself`);
  above.add(value);
  const json = Array.isArray(value) ? array(value, at, above) : object(value, at, above);
  above.delete(value);
  return json;
}

function array(value: readonly unknown[], at: string, above: Set<object>): string {
  return `[${Array.from(value, (item, index) => write(item, `${at}[${index}]`, above)).join(",")}]`;
}

function object(value: object, at: string, above: Set<object>): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw new TypeError(`${at} is not a plain object`);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${text(key, at)}:${write(member, `${at}.${key}`, above)}`);
  return `{${members.join(",")}}`;
}

/** RFC 8785, 3.2.2.2: a lone surrogate has no UTF-8 form, so it has no digest. */
function text(value: string, at: string): string {
  if (/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(value))
    throw new TypeError(`${at} has half a character (a lone surrogate)`);
  return JSON.stringify(value);
}
