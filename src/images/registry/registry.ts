import type { Readable } from "node:stream";
import { type Descriptor, DOCKER, OCI } from "../descriptor.js";
import { checkDigest, corrupt, digestOfBytes, verifying } from "../digest.js";
import { type Blob, MAX_JSON_BYTES } from "../image.js";
import { isRedirect, locationOf } from "./location.js";
import { pull, push, type RegistryOptions, Session } from "./session.js";
import { type Uploaded, uploadBlob } from "./upload.js";

const ACCEPT = [OCI.manifest, OCI.index, DOCKER.manifest, DOCKER.index].join(", ");
const MAX_REDIRECTS = 5;

/**
 * A registry by the OCI distribution specification 1.1. Errors: `registry-unreachable`, `registry-denied`,
 * `registry-refused` (facts: `status`), `image-corrupt`. Nothing of the credentials is ever in one.
 */
export class Registry {
  readonly host: string;
  readonly #session: Session;

  constructor(host: string, options: RegistryOptions) {
    this.host = host;
    this.#session = new Session(host, options);
  }

  /** A manifest by tag or digest, verified; null when there is none. */
  async manifest(repository: string, reference: string): Promise<{ descriptor: Descriptor; bytes: Buffer } | null> {
    const sent = this.#session.sent("GET", manifestPath(repository, reference), { accept: ACCEPT });
    const received = await this.#session.ask(sent, pull(repository));
    if (received.statusCode === 404) {
      await received.body.dump();
      return null;
    }
    if (received.statusCode !== 200) throw await this.#session.refusal(received, `${repository}:${reference}`);
    const bytes = await this.#session.read(received.body, MAX_JSON_BYTES);
    const digest = digestOfBytes(bytes);
    if (reference.startsWith("sha256:") && digest !== reference) throw corrupt(reference);
    const mediaType = String(received.headers["content-type"] ?? OCI.manifest).split(";")[0] ?? OCI.manifest;
    return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
  }

  /** The digest that a tag has now; null when there is none. */
  async digest(repository: string, reference: string): Promise<string | null> {
    const sent = this.#session.sent("HEAD", manifestPath(repository, reference), { accept: ACCEPT });
    const received = await this.#session.ask(sent, pull(repository));
    if (received.statusCode !== 200 && received.statusCode !== 404)
      throw await this.#session.refusal(received, `${repository}:${reference}`);
    await received.body.dump();
    if (received.statusCode === 404) return null;
    const digest = received.headers["docker-content-digest"];
    // The header is optional; the bytes always tell.
    if (digest === undefined) return (await this.manifest(repository, reference))?.descriptor.digest ?? null;
    return checkDigest(digest, this.host);
  }

  async putManifest(repository: string, reference: string, mediaType: string, bytes: Buffer): Promise<void> {
    const headers = { "content-type": mediaType, "content-length": String(bytes.length) };
    const sent = this.#session.sent("PUT", manifestPath(repository, reference), headers);
    const received = await this.#session.ask({ ...sent, body: bytes }, push(repository));
    if (received.statusCode !== 201) throw await this.#session.refusal(received, `${repository}:${reference}`);
    await received.body.dump();
  }

  async hasBlob(repository: string, digest: string): Promise<boolean> {
    const sent = this.#session.sent("HEAD", blobPath(repository, digest));
    const received = await this.#session.ask(sent, push(repository));
    const { statusCode } = received;
    // Some answer with where it is.
    if (statusCode !== 200 && statusCode !== 404 && !isRedirect(statusCode))
      throw await this.#session.refusal(received, `${repository}@${digest}`);
    await received.body.dump();
    if (statusCode !== 404) this.#session.holders.set(digest, repository);
    return statusCode !== 404;
  }

  /** The bytes of a blob, verified; read to the end, or destroyed, by the caller. */
  async blob(repository: string, descriptor: Descriptor): Promise<Readable> {
    const sent = this.#session.sent("GET", blobPath(repository, descriptor.digest));
    let from = sent.url;
    let received = await this.#session.ask(sent, pull(repository));
    for (let hop = 0; hop < MAX_REDIRECTS && isRedirect(received.statusCode); hop += 1) {
      const to = locationOf(received, from);
      if (to === null || (from.protocol === "https:" && to.protocol !== "https:")) break;
      await received.body.dump();
      from = to;
      // To a storage of its own: our header is for the registry alone.
      received = await this.#session.transport.again({ method: "GET", url: to, headers: {} });
    }
    if (received.statusCode !== 200) throw await this.#session.refusal(received, `${repository}@${descriptor.digest}`);
    return verifying(received.body, descriptor);
  }

  /** See {@link uploadBlob}. */
  async putBlob(repository: string, blob: Blob, sent: (bytes: number) => void): Promise<Uploaded> {
    const how = await uploadBlob(this.#session, repository, blob, sent);
    this.#session.holders.set(blob.descriptor.digest, repository);
    return how;
  }

  async close(): Promise<void> {
    await this.#session.transport.close();
  }
}

function manifestPath(repository: string, reference: string): string {
  return `/v2/${repository}/manifests/${reference}`;
}

function blobPath(repository: string, digest: string): string {
  return `/v2/${repository}/blobs/${checkDigest(digest, repository)}`;
}
