import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/**
 * A certificate authority of one cluster, in memory: X.509 version 3, ECDSA on P-256. Just what Kubernetes asks of
 * certificates; written out here because Node.js makes none and no library of ours does.
 */
export class Authority {
  readonly certificate: string;
  readonly #key: KeyObject;

  constructor(readonly name: string) {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#key = privateKey;
    const extensions = [extension("2.5.29.19", sequence(BOOLEAN_TRUE)), extension("2.5.29.15", bits(0b0000_0110))];
    this.certificate = this.#signed(subject(name, []), publicKey, 24 * 3600, extensions);
  }

  /** A certificate for a server, a client, or both. An organisation of a client is a group of a user in Kubernetes. */
  issue(wanted: {
    readonly commonName: string;
    readonly organisations?: readonly string[];
    /** DNS names and IPv4 addresses. */
    readonly hosts?: readonly string[];
    /** From now on; a day unless told. */
    readonly seconds?: number;
  }): Pair {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const extensions = [
      extension("2.5.29.15", bits(0b1000_0000)),
      extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.1"), oid("1.3.6.1.5.5.7.3.2"))),
    ];
    const hosts = (wanted.hosts ?? []).map((host) =>
      /^[\d.]+$/.test(host) ? der(0x87, Buffer.from(host.split(".").map(Number))) : der(0x82, Buffer.from(host)),
    );
    if (hosts.length > 0) extensions.push(extension("2.5.29.17", sequence(...hosts)));
    const whose = subject(wanted.commonName, wanted.organisations ?? []);
    const certificate = this.#signed(whose, publicKey, wanted.seconds ?? 24 * 3600, extensions);
    return { certificate, key: pem(privateKey) };
  }

  #signed(whose: Buffer, key: KeyObject, seconds: number, extensions: readonly Buffer[]): string {
    const now = Date.now();
    const body = sequence(
      der(0xa0, integer(Buffer.from([2]))),
      integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
      ECDSA_WITH_SHA256,
      subject(this.name, []),
      // An hour back, for a clock that is a little behind.
      sequence(time(now - 3600_000), time(now + seconds * 1000)),
      whose,
      key.export({ type: "spki", format: "der" }),
      der(0xa3, sequence(...extensions)),
    );
    const signature = Buffer.concat([Buffer.from([0]), sign("sha256", body, this.#key)]);
    const bytes = sequence(body, ECDSA_WITH_SHA256, der(0x03, signature));
    const lines = bytes.toString("base64").replace(/.{64}/g, "$&\n").trimEnd();
    return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
  }
}

/** PEM texts. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/** A pair of keys for the tokens of service accounts: PEM texts. */
export function tokenKeys(): { readonly privateKey: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { privateKey: pem(privateKey), publicKey: publicKey.export({ type: "spki", format: "pem" }).toString() };
}

/** As client-go reads it: SEC 1. */
function pem(key: KeyObject): string {
  return createPrivateKey(key.export({ type: "pkcs8", format: "pem" }))
    .export({ type: "sec1", format: "pem" })
    .toString();
}

function subject(commonName: string, organisations: readonly string[]): Buffer {
  const part = (id: string, text: string): Buffer => der(0x31, sequence(oid(id), der(0x0c, Buffer.from(text))));
  return sequence(...organisations.map((name) => part("2.5.4.10", name)), part("2.5.4.3", commonName));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), BOOLEAN_TRUE, der(0x04, value));
}

function bits(byte: number): Buffer {
  return der(0x03, Buffer.from([0, byte]));
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

/** GeneralizedTime, whole seconds. */
function time(milliseconds: number): Buffer {
  return der(0x18, Buffer.from(new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, "")));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function der(tag: number, content: Buffer): Buffer {
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const BOOLEAN_TRUE = Buffer.from([0x01, 0x01, 0xff]);
const ECDSA_WITH_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));
