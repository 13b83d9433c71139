import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type RigApi, RigApiError } from "../api.js";
import { BRIDGE_ADDRESS } from "./network.js";

const SUFFIX = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.cluster\.local$/;
const [NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME] = [0, 2, 3];
const [TYPE_A, CLASS_IN] = [1, 1];
/** Seconds: as short as may be, a story makes and deletes Services. */
const TTL = 1;

/** The cluster's names for its pods: `<service>.<namespace>.svc.cluster.local` is the Service's address; nothing else is known. */
export async function startDns(api: RigApi): Promise<() => Promise<void>> {
  const socket = createSocket("udp4");
  socket.on("message", (asked, from) => {
    void answer(api, asked).then((reply) => {
      if (reply !== null) socket.send(reply, from.port, from.address);
    });
  });
  socket.bind(53, BRIDGE_ADDRESS);
  await once(socket, "listening");
  return () => new Promise((resolve) => socket.close(() => resolve()));
}

/** null: no question that can be read. */
async function answer(api: RigApi, asked: Buffer): Promise<Buffer | null> {
  const question = read(asked);
  if (question === null) return null;
  try {
    const address = await addressOf(api, question.name);
    if (address === null) return reply(asked, question.end, NO_SUCH_NAME, null);
    return reply(asked, question.end, NO_ERROR, question.type === TYPE_A ? address : null);
  } catch {
    // Asked again by the resolver; the API server is away, as some stories want it.
    return reply(asked, question.end, SERVER_FAILURE, null);
  }
}

async function addressOf(api: RigApi, name: string): Promise<string | null> {
  const [, service, namespace] = SUFFIX.exec(name) ?? [];
  if (service === undefined || namespace === undefined) return null;
  try {
    const found = await api.get(`/api/v1/namespaces/${namespace}/services/${service}`);
    const { clusterIP } = found.spec as { clusterIP?: string };
    return clusterIP === undefined || clusterIP === "None" ? null : clusterIP;
  } catch (error) {
    if (error instanceof RigApiError && error.status === 404) return null;
    throw error;
  }
}

function read(asked: Buffer): { name: string; type: number; end: number } | null {
  const labels: string[] = [];
  let at = 12;
  for (;;) {
    const size = asked[at];
    if (size === undefined || size > 63) return null;
    at += 1;
    if (size === 0) break;
    labels.push(asked.toString("latin1", at, at + size).toLowerCase());
    at += size;
  }
  if (at + 4 > asked.length) return null;
  return { name: labels.join("."), type: asked.readUInt16BE(at), end: at + 4 };
}

function reply(asked: Buffer, end: number, code: number, address: string | null): Buffer {
  const header = Buffer.alloc(12);
  asked.copy(header, 0, 0, 2);
  // An authoritative answer; recursion is said to be there, some resolvers ask elsewhere otherwise.
  header.writeUInt16BE(0x8580 | (asked.readUInt16BE(2) & 0x0100) | code, 2);
  header.writeUInt16BE(1, 4);
  const parts = [header, asked.subarray(12, end)];
  if (address !== null) {
    header.writeUInt16BE(1, 6);
    const record = Buffer.alloc(16);
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(TYPE_A, 2);
    record.writeUInt16BE(CLASS_IN, 4);
    record.writeUInt32BE(TTL, 6);
    record.writeUInt16BE(4, 10);
    Buffer.from(address.split(".").map(Number)).copy(record, 12);
    parts.push(record);
  }
  return Buffer.concat(parts);
}
