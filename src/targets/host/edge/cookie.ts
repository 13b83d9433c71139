/** The value of the first cookie called `name` in a Cookie header, without its quotes; null when there is none. */
export function readCookie(header: string | undefined, name: string): string | null {
  if (header === undefined) return null;
  let at = 0;
  while (at < header.length) {
    let end = header.indexOf(";", at);
    if (end === -1) end = header.length;
    const equals = header.indexOf("=", at);
    if (equals !== -1 && equals < end && header.slice(at, equals).trim() === name) {
      const value = header.slice(equals + 1, end).trim();
      return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
    }
    at = end + 1;
  }
  return null;
}
