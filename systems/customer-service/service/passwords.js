// @ts-check
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive =
  /** @type {(password: string, salt: Buffer, length: number, options: import("node:crypto").ScryptOptions) => Promise<Buffer>} */ (
    promisify(scrypt)
  );
const COST = 16_384;
const BLOCK = 8;
const LENGTH = 32;
const RECORD = /^scrypt\$(\d{1,7})\$(\d{1,2})\$([\w-]{22,})\$([\w-]{43})$/;

/**
 * `scrypt$<N>$<r>$<salt>$<hash>`, base64url.
 * @param {string} password
 */
export async function hashPassword(password) {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, LENGTH, { N: COST, r: BLOCK });
  return `scrypt$${COST}$${BLOCK}$${salt.toString("base64url")}$${hash.toString("base64url")}`;
}

/** @param {string} text */
export function isRecord(text) {
  return RECORD.test(text);
}

/**
 * Takes the same time for an unknown user (`record` null) as for a wrong password, so that names cannot be probed.
 * @param {string} password
 * @param {string | null} record
 */
export async function verifyPassword(password, record) {
  const parts = RECORD.exec(record ?? "");
  const salt = Buffer.from(parts?.[3] ?? "AAAAAAAAAAAAAAAAAAAAAA", "base64url");
  const expected = parts === null ? Buffer.alloc(LENGTH) : Buffer.from(parts[4] ?? "", "base64url");
  const actual = await derive(password, salt, LENGTH, {
    N: Number(parts?.[1] ?? COST),
    r: Number(parts?.[2] ?? BLOCK),
    maxmem: 128 * 1024 * 1024,
  });
  return timingSafeEqual(actual, expected) && parts !== null;
}
