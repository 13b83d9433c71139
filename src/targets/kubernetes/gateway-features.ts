import { WindlassError } from "../../error.js";
import type { CompiledKubernetes } from "../../spec/compiled-cluster.js";
import type { Kubernetes } from "./client/api.js";
import { list, text } from "./seen/field.js";

const GATEWAYS = "gateway.networking.k8s.io/v1";
const KEPT_MS = 600_000;

/** What the class of a gateway says that it can beyond the core of the standard, asked for now and then. */
export class GatewayFeatures {
  readonly #known = new Map<string, { readonly at: number; readonly features: readonly string[] }>();

  constructor(
    private readonly client: Kubernetes,
    private readonly now: () => number,
  ) {}

  /** Empty: nothing is promised, or there is no such gateway yet. */
  async of(traffic: CompiledKubernetes["traffic"]): Promise<readonly string[]> {
    if (traffic.kind !== "gateway") return [];
    const key = `${traffic.namespace}/${traffic.name}`;
    const known = this.#known.get(key);
    if (known !== undefined && this.now() - known.at < KEPT_MS) return known.features;
    const features = await this.#ask(traffic.namespace, traffic.name).catch((error: unknown) => {
      // Who may not look at a gateway is promised nothing by it.
      if (error instanceof WindlassError && error.code === "kubernetes-forbidden") return [];
      throw error;
    });
    this.#known.set(key, { at: this.now(), features });
    return features;
  }

  async #ask(namespace: string, name: string): Promise<readonly string[]> {
    if ((await this.client.resource({ apiVersion: GATEWAYS, kind: "Gateway" })) === null) return [];
    const gateway = await this.client.get({ apiVersion: GATEWAYS, kind: "Gateway", namespace, name });
    const className = text(gateway, "spec", "gatewayClassName");
    if (className === null) return [];
    const found = await this.client.get({ apiVersion: GATEWAYS, kind: "GatewayClass", name: className });
    return list(found, "status", "supportedFeatures").flatMap((feature) => text(feature, "name") ?? []);
  }
}
