import { gunzipSync, gzipSync } from "node:zlib";
import type { Stored } from "./etcd.js";

const UUID = /[0-9a-f]{8}(?=-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/g;
const SERVICE_ADDRESS = /10\.1(1[2-9]|2[0-7])\.\d{1,3}\.\d{1,3}/g;
/** Spreads uids; any odd number does. */
const GOLDEN = 0x9e3779b1;

/** `s00000`, `s00001`, …: names of one length, so that what is stored in a binary format stays whole. */
export const systemName = (index: number): string => `s${String(index).padStart(5, "0")}`;

/**
 * What etcd holds of one environment (its namespace and everything in it, as the API server and the controllers left it)
 * once more under another name, with uids and Service addresses of its own.
 */
export function cloned(template: readonly Stored[], of: string, index: number): readonly Stored[] {
  const name = systemName(index);
  const addresses = [...new Set(template.flatMap(({ value }) => value.match(SERVICE_ADDRESS) ?? []))].sort();
  const own = new Map(
    addresses.map((address, place) => [address, otherAddress(address, index, place, addresses.length)]),
  );
  const another = (text: string): string =>
    text
      .replaceAll(of, name)
      .replace(UUID, (part) =>
        ((Number.parseInt(part, 16) ^ Math.imul(index, GOLDEN)) >>> 0).toString(16).padStart(8, "0"),
      )
      .replace(SERVICE_ADDRESS, (address) => own.get(address) ?? address);
  return template.map(({ key, value }) => {
    const packed = key.endsWith("/windlass-intent") ? intentIn(value) : null;
    if (packed === null) return { key: another(key), value: another(value) };
    return { key: another(key), value: record(another(value), packed, (text) => text.replaceAll(of, name)) };
  });
}

/** The same number of digits in each place: addresses are `10.112.0.0/12`. */
function otherAddress(address: string, index: number, place: number, of: number): string {
  const lengths = address.split(".").map((part) => part.length);
  const choices = (length = 1): number[] =>
    Array.from({ length: 256 }, (_, value) => value).filter((value) => String(value).length === length);
  const [third, fourth] = [choices(lengths[2]), choices(lengths[3])];
  const number = index * of + place;
  const second = 112 + (Math.floor(number / (third.length * fourth.length)) % 16);
  return `10.${second}.${third[Math.floor(number / fourth.length) % third.length]}.${fourth[number % fourth.length]}`;
}

function intentIn(value: string): string | null {
  return /H4sI[A-Za-z0-9+/=]{100,}/.exec(value)?.[0] ?? null;
}

/** The intent is compressed, so its length changes: it is stored as JSON, which an API server reads, too. */
function record(value: string, packed: string, another: (text: string) => string): string {
  const intent = another(gunzipSync(Buffer.from(packed, "base64")).toString("utf8"));
  const text = (pattern: RegExp): string => pattern.exec(value)?.[1] ?? "";
  const system = text(/windlass\.dev\/system..(s\d{5})/s);
  return JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "windlass-intent",
      namespace: `${system}-production`,
      uid: text(/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/),
      creationTimestamp: "2026-01-01T00:00:00Z",
      labels: {
        "app.kubernetes.io/managed-by": "windlass",
        "app.kubernetes.io/part-of": system,
        "windlass.dev/system": system,
        "windlass.dev/environment": "production",
      },
    },
    data: {
      term: text(/term\D\D(\d+)/),
      revision: text(/revision\D\D(\d+)/),
      intent: gzipSync(intent).toString("base64"),
    },
  });
}
