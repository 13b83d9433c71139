import { WindlassError } from "../../error.js";
import type { Challenge } from "./challenge.js";
import type { CredentialSource, Credentials } from "./credentials.js";
import type { Transport } from "./transport.js";

/** Tokens are some KiB. */
const MAX_TOKEN_BYTES = 256 * 1024;

/** How one registry lets us in: learned from its first refusal, and then sent along, by scope. */
export class Authorization {
  readonly #headers = new Map<string, string>();
  readonly #registry: string;
  readonly #insecure: boolean;
  readonly #source: CredentialSource;
  readonly #transport: Transport;
  #credentials: Promise<Credentials | null> | null = null;

  constructor(registry: string, insecure: boolean, source: CredentialSource, transport: Transport) {
    this.#registry = registry;
    this.#insecure = insecure;
    this.#source = source;
    this.#transport = transport;
  }

  /** The header for a scope, once it is known. */
  header(scope: string): string | undefined {
    return this.#headers.get(scope);
  }

  /** Answers a challenge. `registry-denied` when there is nothing to answer with, or it is not enough. */
  async answer(challenge: Challenge | null, scope: string): Promise<void> {
    this.#credentials ??= this.#source(this.#registry);
    const credentials = await this.#credentials;
    const had = this.#headers.get(scope);
    const header = challenge === null ? null : await this.#headerFor(challenge, scope, credentials);
    // The same answer a second time is refused a second time.
    if (header === null || header === had) throw denied(this.#registry, credentials !== null);
    this.#headers.set(scope, header);
  }

  async #headerFor(challenge: Challenge, scope: string, credentials: Credentials | null): Promise<string | null> {
    if (challenge.scheme === "bearer") return `Bearer ${await this.#token(challenge, scope, credentials)}`;
    return credentials?.kind === "password" ? basic(credentials) : null;
  }

  /** A token of the registry's own token server; with a refresh token by OAuth 2, otherwise by a GET. */
  async #token(
    { realm, service }: Challenge & { scheme: "bearer" },
    scope: string,
    credentials: Credentials | null,
  ): Promise<string> {
    const url = this.#realm(realm);
    const about = new URLSearchParams();
    if (service !== null) about.set("service", service);
    if (credentials?.kind === "identity") {
      const form = new URLSearchParams({
        grant_type: "refresh_token",
        refresh_token: credentials.token,
        client_id: "windlass",
        scope,
        ...Object.fromEntries(about),
      });
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      return this.#read(await this.#transport.again({ method: "POST", url, headers, body: form.toString() }));
    }
    for (const each of scope.split(" ")) about.append("scope", each);
    for (const [name, value] of about) url.searchParams.append(name, value);
    const headers: Record<string, string> = credentials === null ? {} : { authorization: basic(credentials) };
    return this.#read(await this.#transport.again({ method: "GET", url, headers }));
  }

  async #read(received: Awaited<ReturnType<Transport["once"]>>): Promise<string> {
    const { statusCode, body } = received;
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_TOKEN_BYTES) throw denied(this.#registry, true);
      chunks.push(chunk);
    }
    if (statusCode !== 200) throw denied(this.#registry, (await this.#credentials) !== null);
    let answer: { readonly token?: unknown; readonly access_token?: unknown };
    try {
      answer = JSON.parse(Buffer.concat(chunks).toString("utf8")) as typeof answer;
    } catch {
      throw new WindlassError("registry-answer", `the token server of ${this.#registry} answered without JSON`);
    }
    const token = answer.token ?? answer.access_token;
    if (typeof token !== "string") throw new WindlassError("registry-answer", `${this.#registry} gave no token`);
    return token;
  }

  /** Credentials go where the registry says; over plain HTTP only when the registry itself is. */
  #realm(realm: string): URL {
    const url = URL.canParse(realm) ? new URL(realm) : null;
    if (url?.protocol === "https:" || (this.#insecure && url?.protocol === "http:")) return url;
    throw new WindlassError("registry-answer", `${this.#registry} names no token server that can be asked: ${realm}`);
  }
}

function basic(credentials: Credentials & { kind: "password" }): string {
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}`;
}

export function denied(registry: string, known: boolean): WindlassError {
  return new WindlassError(
    "registry-denied",
    known
      ? `${registry} does not accept the credentials for it, or they may not do this.`
      : `${registry} wants credentials, and there are none for it.`,
    { hint: `docker login ${registry}, or a config.json in DOCKER_CONFIG` },
  );
}
