import { type ErrorDetails, WindlassError } from "../../../../error.js";
import type { Status } from "./status.js";

/** An answer that is not the object asked for. */
export interface Refusal {
  /** HTTP status. */
  readonly status: number;
  /** Null when something else than an API server answered. */
  readonly body: Status | null;
  /** What was asked: `apply Deployment shop/web`. */
  readonly what: string;
  /** Values that must not be repeated (a Secret's). */
  readonly hidden: readonly string[];
}

/** A field that another manager owns. */
export interface FieldConflict {
  readonly field: string;
  readonly manager: string;
}

const LONGEST_MESSAGE = 2_000;
const RBAC = /\bUser "[^"]*" cannot |attempting to grant RBAC permissions/;
const QUOTA = /exceeded quota|must specify [^ ]+ for:|(?:maximum|minimum) .* usage per |status unknown for quota/;
/** A patch that does not fit the kind's schema is answered with 500, and without a reason (seen in 1.34). */
const MISFIT = /failed to (?:create typed patch object|convert new object)[^:]*: (?:(\.[^ :]+): )?(.*)/;
const ADMISSION = /admission webhook|failed calling webhook|ValidatingAdmissionPolicy|violates PodSecurity/;

export function refusalError(refusal: Refusal): WindlassError {
  const { code, details } = classify(refusal);
  const message = refusal.body?.message || `the API server answered ${refusal.status}`;
  const shown = hide(message, refusal.hidden).slice(0, LONGEST_MESSAGE);
  const facts = { status: refusal.status, reason: refusal.body?.reason ?? "", ...details.facts };
  return new WindlassError(code, `${refusal.what}: ${shown}`, { ...details, facts });
}

function hide(message: string, hidden: readonly string[]): string {
  return hidden.reduce((shown, value) => shown.replaceAll(value, "…"), message);
}

interface Classified {
  readonly code: string;
  readonly details: ErrorDetails;
}

function classify({ status, body, hidden }: Refusal): Classified {
  const text = body?.message ?? "";
  const causes = body?.details.causes ?? [];
  if (body === null && status === 404)
    return { code: "kubernetes-refused", details: { hint: "is this the URL of an API server?" } };
  if (status !== 409 && ADMISSION.test(text)) return { code: "kubernetes-admission", details: admissionDetails(text) };
  const misfit = status === 500 ? MISFIT.exec(text) : null;
  if (misfit !== null) {
    const fields = [{ field: misfit[1] ?? "", message: hide(misfit[2] ?? "", hidden) }];
    return { code: "kubernetes-invalid", details: { facts: { fields } } };
  }
  switch (status) {
    case 401:
      return { code: "kubernetes-unauthorized", details: { hint: SIGN_IN, retry: "safe" } };
    case 403:
      return forbidden(text, causes);
    case 404:
      return { code: "kubernetes-not-found", details: { retry: "after-refresh" } };
    case 405:
    case 415:
      return { code: "kubernetes-refused", details: {} };
    case 409:
      return { code: "kubernetes-conflict", details: conflictDetails(causes) };
    case 410:
      return { code: "kubernetes-gone", details: { retry: "after-refresh" } };
    case 400:
    case 422: {
      const fields = causes.map(({ field, message }) => ({ field, message: hide(message, hidden) }));
      return { code: "kubernetes-invalid", details: { facts: { fields } } };
    }
    case 429:
      return { code: "kubernetes-busy", details: { retry: "safe" } };
    case 502:
    case 503:
      return { code: "kubernetes-unreachable", details: { retry: "safe" } };
    case 504:
      return { code: "kubernetes-timeout", details: { retry: "safe" } };
    default:
      return { code: "kubernetes-refused", details: status >= 500 ? { retry: "safe" } : {} };
  }
}

/** A refusal of RBAC's names a user; every other 403 comes from an admission plugin. */
function forbidden(text: string, causes: Status["details"]["causes"]): Classified {
  if (causes.some(({ reason }) => reason === "NamespaceTerminating") || text.includes("because it is being terminated"))
    return { code: "kubernetes-terminating", details: { hint: "wait until the namespace is gone", retry: "safe" } };
  if (QUOTA.test(text))
    return {
      code: "kubernetes-quota",
      details: { hint: "raise the namespace's ResourceQuota or ask for less", retry: "safe" },
    };
  if (RBAC.test(text) || text === "")
    return {
      code: "kubernetes-forbidden",
      details: { hint: "give the user a Role with this verb; `kubectl auth can-i --list` shows what it may do" },
    };
  return { code: "kubernetes-admission", details: admissionDetails(text) };
}

function admissionDetails(text: string): ErrorDetails {
  const webhook = /webhook "([^"]+)"/.exec(text)?.[1];
  const policy = /ValidatingAdmissionPolicy '([^']+)'/.exec(text)?.[1];
  const by = webhook ?? policy ?? (text.includes("violates PodSecurity") ? "PodSecurity" : null);
  const hint = by === null ? "an admission plugin of the cluster refused it" : `${by} of the cluster refused it`;
  // A webhook that did not answer may answer next time; a refusal stands until somebody changes something.
  return { hint, retry: text.includes("failed calling webhook") ? "safe" : "never", facts: { by } };
}

function conflictDetails(causes: Status["details"]["causes"]): ErrorDetails {
  const conflicts: FieldConflict[] = causes
    .filter(({ reason }) => reason === "FieldManagerConflict")
    .map(({ field, message }) => ({ field, manager: managerIn(message) }));
  if (conflicts.length === 0) return { hint: "read it again: somebody changed it meanwhile", retry: "after-refresh" };
  const managers = [...new Set(conflicts.map(({ manager }) => manager))].join(", ");
  return { hint: `let ${managers} give these fields up, or take them`, facts: { conflicts } };
}

/** `conflict with "kubectl" with subresource "scale" using apps/v1 at ...`; the name is quoted as Go does. */
function managerIn(message: string): string {
  const quoted = /^conflict with "((?:[^"\\]|\\.)*)"/.exec(message)?.[1] ?? "";
  return quoted.replace(/\\(.)/g, "$1");
}

const SIGN_IN = "sign in to the cluster again: the credentials were not accepted, or have expired";
