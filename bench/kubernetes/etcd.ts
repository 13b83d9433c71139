import { request } from "undici";

export interface Stored {
  readonly key: string;
  /** Bytes as they are, one character each. */
  readonly value: string;
}

/** At most so many in one transaction: etcd's own bound. */
const PER_TRANSACTION = 120;

/** The store of a cluster of the rig, past its API server: for objects that it would take too long to make one by one. */
export class Etcd {
  constructor(private readonly url: string) {}

  /** Everything whose key begins so. */
  async below(prefix: string): Promise<readonly Stored[]> {
    const end = `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`;
    const { kvs = [] } = (await this.#ask("/v3/kv/range", { key: encoded(prefix), range_end: encoded(end) })) as {
      kvs?: { key: string; value: string }[];
    };
    return kvs.map(({ key, value }) => ({ key: decoded(key), value: decoded(value) }));
  }

  async put(all: readonly Stored[]): Promise<void> {
    for (let start = 0; start < all.length; start += PER_TRANSACTION) {
      const success = all
        .slice(start, start + PER_TRANSACTION)
        .map(({ key, value }) => ({ request_put: { key: encoded(key), value: encoded(value) } }));
      await this.#ask("/v3/kv/txn", { success });
    }
  }

  async #ask(path: string, body: unknown): Promise<unknown> {
    const answer = await request(`${this.url}${path}`, { method: "POST", body: JSON.stringify(body) });
    if (answer.statusCode !== 200) throw new Error(`etcd answered ${answer.statusCode}: ${await answer.body.text()}`);
    return answer.body.json();
  }
}

function encoded(text: string): string {
  return Buffer.from(text, "latin1").toString("base64");
}

function decoded(text: string): string {
  return Buffer.from(text, "base64").toString("latin1");
}
