import type { Received } from "./transport.js";

/** Where an answer leads, absolute or relative to what was asked; null when it says nothing that is a URL. */
export function locationOf(received: Received, asked: URL): URL | null {
  const { location } = received.headers;
  return typeof location === "string" && URL.canParse(location, asked.href) ? new URL(location, asked.href) : null;
}

export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}
