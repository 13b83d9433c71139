import type { Clock } from "../../../../ports/clock.js";

/** What a request is authenticated with. Compared by reference: the same object is the same credential. */
export interface Identity {
  /** The `authorization` header, or null. */
  readonly authorization: string | null;
  readonly certificate: ClientCertificate | null;
}

export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface Credentials {
  /** What to use now; renewed before it expires. */
  current(): Promise<Identity>;
  /** The server refused this one: another, or null when there is no other. */
  instead(refused: Identity): Promise<Identity | null>;
}

export function fixedCredentials(identity: Identity): Credentials {
  return { current: async () => identity, instead: async () => null };
}

/** Service account tokens are renewed in place by the kubelet, certificates by whoever cares for them. */
const REREAD_MS = 10_000;

/** Credentials in files, read again every ten seconds and whenever the server refuses what was read. */
export function rereadCredentials(read: () => Promise<Identity>, clock: Clock): Credentials {
  let held: { identity: Identity; readAt: number } | null = null;
  let reading: Promise<Identity> | null = null;

  const reread = async (): Promise<Identity> => {
    const fresh = await read();
    const identity = held !== null && same(held.identity, fresh) ? held.identity : fresh;
    held = { identity, readAt: clock.now() };
    return identity;
  };
  const once = (): Promise<Identity> => {
    reading ??= reread().finally(() => {
      reading = null;
    });
    return reading;
  };
  return {
    current: async () => (held !== null && clock.now() - held.readAt < REREAD_MS ? held.identity : once()),
    async instead(refused) {
      const identity = held !== null && held.identity !== refused ? held.identity : await once();
      return identity === refused ? null : identity;
    },
  };
}

function same(a: Identity, b: Identity): boolean {
  return (
    a.authorization === b.authorization &&
    a.certificate?.cert === b.certificate?.cert &&
    a.certificate?.key === b.certificate?.key
  );
}
