import type { DockerEngine } from "./engine.js";
import { type Filters, filtersOf } from "./filters.js";
import { isRefusal } from "./refusal.js";

export interface Network {
  readonly Id: string;
  readonly Name: string;
  readonly Driver: string;
  readonly Internal: boolean;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly IPAM: { readonly Config: readonly { readonly Subnet?: string; readonly Gateway?: string }[] | null };
}

export interface NetworkSpec {
  /** `bridge` by default. */
  readonly Driver?: string;
  /** No way out of it. */
  readonly Internal?: boolean;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Options?: Readonly<Record<string, string>>;
}

/** Creates it, or finds the one of this name that another call has just made. */
export async function ensureNetwork(engine: DockerEngine, name: string, spec: NetworkSpec = {}): Promise<Network> {
  const found = await inspectNetwork(engine, name);
  if (found !== null) return found;
  try {
    await engine.text("POST", "/networks/create", { body: { Name: name, CheckDuplicate: true, ...spec } });
  } catch (error) {
    if (!isRefusal(error, 409)) throw error;
  }
  return engine.json<Network>("GET", `/networks/${encodeURIComponent(name)}`);
}

export async function inspectNetwork(engine: DockerEngine, name: string): Promise<Network | null> {
  try {
    return await engine.json<Network>("GET", `/networks/${encodeURIComponent(name)}`);
  } catch (error) {
    if (isRefusal(error, 404)) return null;
    throw error;
  }
}

export function listNetworks(engine: DockerEngine, filters: Filters): Promise<readonly Network[]> {
  return engine.json("GET", "/networks", { query: { filters: filtersOf(filters) } });
}

/** One that is gone is fine; 403 while containers are in it. */
export async function removeNetwork(engine: DockerEngine, name: string): Promise<void> {
  try {
    await engine.text("DELETE", `/networks/${encodeURIComponent(name)}`);
  } catch (error) {
    if (!isRefusal(error, 404)) throw error;
  }
}
