import { WindlassError } from "../../error.js";
import { counted } from "../counted.js";
import type { Blob } from "../image.js";
import { locationOf } from "./location.js";
import { pull, push, type Session } from "./session.js";

export type Uploaded = "mounted" | "uploaded";

const TRIES = 3;

/**
 * Uploads a blob in one piece, from its beginning again when the connection breaks. `sent` counts the bytes on their way.
 * `mounted`: the registry had it in another repository.
 */
export async function uploadBlob(
  session: Session,
  repository: string,
  blob: Blob,
  sent: (bytes: number) => void,
): Promise<Uploaded> {
  for (let attempt = 1; ; attempt += 1) {
    let counted = 0;
    try {
      return await once(session, repository, blob, (bytes) => {
        counted += bytes;
        sent(bytes);
      });
    } catch (error) {
      sent(-counted);
      if (attempt === TRIES || !(error instanceof WindlassError) || error.retry !== "safe") throw error;
    }
  }
}

async function once(
  session: Session,
  repository: string,
  blob: Blob,
  sent: (bytes: number) => void,
): Promise<Uploaded> {
  const { digest, size } = blob.descriptor;
  const from = holderOf(session, repository, blob);
  const mount = from === null ? "" : `?${new URLSearchParams({ mount: digest, from })}`;
  const scope = from === null ? push(repository) : `${push(repository)} ${pull(from)}`;
  const begin = session.sent("POST", `/v2/${repository}/blobs/uploads/${mount}`, { "content-length": "0" });
  const begun = await session.ask(begin, scope);
  const url = locationOf(begun, begin.url);
  if (begun.statusCode === 201) {
    await begun.body.dump();
    return "mounted";
  }
  if (begun.statusCode !== 202 || url === null) throw await session.refusal(begun, `${repository}@${digest}`);
  await begun.body.dump();
  url.searchParams.set("digest", digest);
  const headers = {
    "content-type": "application/octet-stream",
    "content-length": String(size),
    ...session.allow(url, scope),
  };
  const source = await blob.open();
  try {
    const body = counted(source, sent);
    const received = await session.transport.once({ method: "PUT", url, headers, body });
    if (received.statusCode !== 201) throw await session.refusal(received, `${repository}@${digest}`);
    await received.body.dump();
    return "uploaded";
  } finally {
    source.destroy();
  }
}

/** Another repository of the same registry that has the blob, as far as is known; null: none. */
function holderOf(session: Session, repository: string, { descriptor, origin }: Blob): string | null {
  const holder = origin?.registry === session.host ? origin.repository : session.holders.get(descriptor.digest);
  return holder === undefined || holder === repository ? null : holder;
}
