import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { WindlassError } from "../error.js";

// The C2SP signed-note format (c2sp.org/signed-note), as Go's sumdb writes it; 0x01 says Ed25519.
const ED25519 = 1;
/** What stands before the 32 bytes of an Ed25519 key in DER (RFC 8410). */
const PUBLIC_DER = Buffer.from("302a300506032b6570032100", "hex");
const PRIVATE_DER = Buffer.from("302e020100300506032b657004220420", "hex");

/** Who signs: a name without white space or `+`, and an Ed25519 key. */
export interface Signer {
  readonly name: string;
  readonly privateKey: KeyObject;
  /** `name+hash+base64`, for everybody. */
  readonly verifierKey: string;
}

interface Verifier {
  readonly name: string;
  readonly keyHash: Buffer;
  readonly publicKey: KeyObject;
}

export function newSigner(name: string): Signer {
  return signerFrom(name, generateKeyPairSync("ed25519").privateKey);
}

/** `PRIVATE+KEY+name+hash+base64`: secret. */
export function encodeSigner(signer: Signer): string {
  const seed = signer.privateKey.export({ format: "der", type: "pkcs8" }).subarray(-32);
  const keyHash = signer.verifierKey.split("+")[1] ?? "";
  return `PRIVATE+KEY+${signer.name}+${keyHash}+${Buffer.concat([Buffer.of(ED25519), seed]).toString("base64")}`;
}

export function decodeSigner(encoded: string): Signer {
  const [, name = "", keyHash = "", data = ""] = /^PRIVATE\+KEY\+([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(encoded) ?? [];
  const key = Buffer.from(data, "base64");
  if (key.length !== 33 || key[0] !== ED25519) throw badKey("The private key is not one of a signed note.");
  const der = Buffer.concat([PRIVATE_DER, key.subarray(1)]);
  const signer = signerFrom(name, createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  if (signer.verifierKey.split("+")[1] !== keyHash) throw badKey("The private key does not fit its hash.");
  return signer;
}

function signerFrom(name: string, privateKey: KeyObject): Signer {
  if (name === "" || /[\s+]/.test(name)) throw badKey(`${JSON.stringify(name)} cannot name a signer.`);
  const raw = createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(-32);
  const typed = Buffer.concat([Buffer.of(ED25519), raw]);
  const verifierKey = `${name}+${keyHashOf(name, typed).toString("hex")}+${typed.toString("base64")}`;
  return { name, privateKey, verifierKey };
}

function keyHashOf(name: string, typedKey: Buffer): Buffer {
  return hash("sha256", Buffer.concat([Buffer.from(`${name}\n`), typedKey]), "buffer").subarray(0, 4);
}

function decodeVerifier(verifierKey: string): Verifier {
  const [, name = "", keyHash = "", data = ""] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(verifierKey) ?? [];
  const typed = Buffer.from(data, "base64");
  if (typed.length !== 33 || typed[0] !== ED25519 || keyHashOf(name, typed).toString("hex") !== keyHash) {
    throw badKey(`${JSON.stringify(verifierKey)} is not a verifier key: name+hash+base64.`);
  }
  const der = Buffer.concat([PUBLIC_DER, typed.subarray(1)]);
  const publicKey = createPublicKey({ key: der, format: "der", type: "spki" });
  return { name, keyHash: Buffer.from(keyHash, "hex"), publicKey };
}

/** `text` ends with a line feed. */
export function signNote(text: string, signer: Signer): string {
  const keyHash = Buffer.from(signer.verifierKey.split("+")[1] ?? "", "hex");
  const signature = Buffer.concat([keyHash, sign(null, Buffer.from(text), signer.privateKey)]);
  return `${text}\n— ${signer.name} ${signature.toString("base64")}\n`;
}

/** The text of a note that the key's owner signed, else `proof-signature`. Signatures of others are passed over. */
export function openNote(note: string, verifierKey: string): string {
  const verifier = decodeVerifier(verifierKey);
  const split = note.lastIndexOf("\n\n");
  if (split < 0 || !note.endsWith("\n")) throw badSignature("It is not a signed note.");
  const text = note.slice(0, split + 1);
  for (const line of note.slice(split + 2, -1).split("\n")) {
    const [, name, data = ""] = /^— ([^+\s]+) (\S+)$/.exec(line) ?? [];
    if (name === undefined) throw badSignature("It is not a signed note.");
    const bytes = Buffer.from(data, "base64");
    if (name !== verifier.name || !bytes.subarray(0, 4).equals(verifier.keyHash)) continue;
    if (verify(null, Buffer.from(text), verifier.publicKey, bytes.subarray(4))) return text;
    throw badSignature(`The signature of ${name} is not that of this text.`);
  }
  throw badSignature(`It carries no signature of ${verifier.name} with this key.`);
}

function badKey(message: string): WindlassError {
  return new WindlassError("proof-key", message);
}

function badSignature(message: string): WindlassError {
  return new WindlassError("proof-signature", `The checkpoint is not to be trusted. ${message}`, {
    hint: "Compare the verifier key with the one that was noted when the ledger began.",
  });
}
