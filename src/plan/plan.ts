/** What a deployment would change, and why; shown before anything does. */
export interface Plan {
  readonly environment: string;
  readonly from: { readonly id: string; readonly label: string } | null;
  readonly to: { readonly label: string; readonly digest: string };
  readonly services: readonly ServicePlan[];
  readonly resources: readonly {
    readonly name: string;
    readonly action: "create" | "keep" | "change" | "remove";
    readonly why: string;
  }[];
  /** Why it would be refused; empty: it would be accepted. */
  readonly obstacles: readonly Remark[];
  /** What would be accepted and go wrong; absent: nothing that is known. */
  readonly warnings?: readonly Remark[];
  /** False: what is asked for runs already. */
  readonly changes: boolean;
}

export interface Remark {
  readonly code: string;
  readonly sentence: string;
  readonly hint: string;
}

export interface ServicePlan {
  readonly service: string;
  readonly action: "create" | "roll-out" | "keep" | "remove";
  /** One sentence per reason: `environment LOG_LEVEL: info → debug`. Secret values never appear, their names do. */
  readonly because: readonly string[];
  /** How it goes: `canary 10 % → 50 % → 100 %, at least 2 min`. */
  readonly how: string;
  readonly risk: "low" | "medium" | "high";
  readonly why: string;
}
