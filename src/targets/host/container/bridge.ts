import { canBind } from "../supervisor/free-port.js";
import { type Connection, isAway } from "./connection.js";
import { gatewayOf } from "./start.js";

const WAIT_MS = 15_000;
const LOOK_AGAIN_MS = 500;

/**
 * The addresses of this machine that its containers, of whatever network, reach and nobody outside does: the Engine's own
 * bridge. None where that is not here (an Engine in a virtual machine, or without a bridge), or when it does not answer for
 * a while: a database must not wait for ever for containers that cannot come.
 */
export async function bridgeAddresses(connection: Connection): Promise<readonly string[]> {
  const end = performance.now() + WAIT_MS;
  for (;;) {
    try {
      const address = await connection.use((engine) => gatewayOf(engine, "bridge"));
      return address !== null && (await canBind(0, address)) ? [address] : [];
    } catch (error) {
      if (!isAway(error)) throw error;
      if (performance.now() > end) return [];
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}
