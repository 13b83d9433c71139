/** A cluster as an environment uses it. */
export interface CompiledKubernetes {
  /** Absolute path; null: KUBECONFIG, ~/.kube/config, or the pod's own service account, in this order. */
  readonly kubeconfig: string | null;
  /** Null: the kubeconfig's current one. */
  readonly context: string | null;
  /** Created and owned; by default `<system>-<environment>`. */
  readonly namespace: string;
  readonly traffic: ClusterTraffic;
  /** Secret of the namespace by which nodes pull images; absent: by their own credentials. */
  readonly pullSecret?: string;
  /** What is done to an object that somebody else changed: made right again, or only reported. */
  readonly drift: "heal" | "report";
}

/** How requests are shared between groups. Only a gateway has exact weights; otherwise replicas are the weights. */
export type ClusterTraffic =
  | {
      readonly kind: "gateway";
      readonly name: string;
      readonly namespace: string;
      /** Listener of the gateway; null: all that admit the route. */
      readonly section: string | null;
      /**
       * URL of the gateway's Prometheus exposition, where requests are counted by group:
       * `http://host:port/metrics`, or `service://<namespace>/<name>:<port>/metrics` through the API server. Null: nobody counts.
       */
      readonly metrics: string | null;
    }
  | { readonly kind: "ingress"; readonly className: string | null }
  | { readonly kind: "replicas" };

export interface CompiledRegistry {
  /** Where repositories are made: `registry.example.com/shop`; a service's images go to `<prefix>/<service>`. */
  readonly prefix: string;
  /** HTTP instead of HTTPS: for a registry on this machine. */
  readonly insecure: boolean;
}

/** How the image of a service is made. `files`: the source's archive as one layer, in /app, on a base. */
export type CompiledBuild =
  | { readonly kind: "dockerfile"; readonly file: string; readonly context: string; readonly stage: string | null }
  /** `base`: directory of an OCI layout, relative to the spec, or an image in a registry. */
  | { readonly kind: "files"; readonly base: string };

/** Where clients from outside a cluster reach a service. */
export interface CompiledIngress {
  /** Host names; empty: `<service>.<namespace>`. */
  readonly hosts: readonly string[];
  /** Path prefix. */
  readonly path: string;
  /** Name of a TLS secret in the namespace; null: HTTP, or the gateway's own certificate. */
  readonly tls: string | null;
  /** HTTP is redirected to HTTPS. */
  readonly redirect: boolean;
  /** Requests per second and client address, where the ingress controller can limit; null: no limit. */
  readonly rateLimit: number | null;
}

/** The range an autoscaler moves the settled group in. Shares are 0..1 of what a replica asks for. */
export interface CompiledScaling {
  readonly min: number;
  readonly max: number;
  readonly cpu: number | null;
  readonly memory: number | null;
  /** How long a need lasts before replicas are added, or removed. */
  readonly upMs: number;
  readonly downMs: number;
}
