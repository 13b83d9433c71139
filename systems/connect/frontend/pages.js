// @ts-check
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const TYPES = /** @type {Readonly<Record<string, string>>} */ ({
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
});

/** @typedef {{ body: Buffer, headers: Readonly<Record<string, string>> }} Page */

/**
 * The files of a folder by the path that they are asked for, read once: no request ever names a file.
 * @param {URL} folder
 * @returns {ReadonlyMap<string, Page>}
 */
export function readPages(folder) {
  const pages = new Map();
  for (const file of readdirSync(folder)) {
    const type = TYPES[path.extname(file)];
    if (type === undefined) continue;
    const body = readFileSync(new URL(file, folder));
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 16)}"`;
    // Two releases answer side by side during a rollout, so nothing is used without asking.
    const headers = { "content-type": type, "cache-control": "no-cache", etag };
    pages.set(file === "index.html" ? "/" : `/${file}`, { body, headers });
  }
  return pages;
}
