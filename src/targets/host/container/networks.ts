import { labelled } from "../../../docker/filters.js";
import { ensureNetwork, listNetworks, removeNetwork } from "../../../docker/networks.js";
import { isRefusal } from "../../../docker/refusal.js";
import { WindlassError } from "../../../error.js";
import type { Connection } from "./connection.js";
import { LABEL, networkName } from "./names.js";

/** A private network for each environment that has containers, as long as it has some. */
export class Networks {
  /** One after the other: none is removed between its being found and its being used. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly connection: Connection,
    private readonly instance: string,
    /** Whether an environment has, or is about to have, containers. */
    private readonly inUse: (environment: string) => boolean,
  ) {}

  /** The name of an environment's network, which is there when it resolves. */
  ensure(environment: string): Promise<string> {
    const name = networkName(this.instance, environment);
    const labels = { [LABEL.instance]: this.instance, [LABEL.environment]: environment };
    return this.inTurn(async () => {
      try {
        await this.connection.use((engine) => ensureNetwork(engine, name, { Labels: labels }));
      } catch (error) {
        if (error instanceof WindlassError && /address pool/i.test(error.message))
          throw new WindlassError("host-container-network", `no network for ${environment}: ${error.message}`, {
            hint: "Remove networks that nobody needs (docker network prune), or give the Engine more addresses (default-address-pools).",
            cause: error,
          });
        throw error;
      }
      return name;
    });
  }

  /** Removes those of environments without containers. One whose last container is still going is left for later. */
  sweep(): Promise<void> {
    return this.inTurn(() =>
      this.connection.use(async (engine) => {
        for (const { Name, Labels } of await listNetworks(engine, labelled({ [LABEL.instance]: this.instance }))) {
          if (this.inUse(Labels?.[LABEL.environment] ?? "")) continue;
          try {
            await removeNetwork(engine, Name);
          } catch (error) {
            if (!isRefusal(error, 403)) throw error;
          }
        }
      }),
    );
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.last.then(work, work);
    // Whoever asked for it gets what went wrong; the next one only waits.
    this.last = next.catch(() => undefined);
    return next;
  }
}
