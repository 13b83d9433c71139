import { describe, expect, it } from "vitest";
import { refusalError } from "./refusal.js";
import { parseStatus } from "./status.js";

const NAMED = 'pods "web" is forbidden: ';

function refused(code: number, message: string, causes: readonly object[] = [], reason = "") {
  const body = parseStatus(JSON.stringify({ kind: "Status", message, reason, code, details: { causes } }));
  return refusalError({ status: code, body, what: "apply Pod shop/web", hidden: [] });
}

describe("what an API server refuses", () => {
  // The messages are those of kube-apiserver 1.34.
  it.each([
    [
      403,
      `${NAMED}User "ada" cannot patch resource "pods" in API group "" in the namespace "shop"`,
      "kubernetes-forbidden",
    ],
    [403, `${NAMED}exceeded quota: q, requested: pods=1, used: pods=5, limited: pods=5`, "kubernetes-quota"],
    [403, `${NAMED}failed quota: q: must specify limits.cpu for: web`, "kubernetes-quota"],
    [403, `${NAMED}maximum cpu usage per Container is 1, but limit is 2`, "kubernetes-quota"],
    [403, `${NAMED}violates PodSecurity "restricted:latest": runAsNonRoot != true`, "kubernetes-admission"],
    [403, `${NAMED}error looking up service account shop/web: serviceaccount "web" not found`, "kubernetes-admission"],
    [400, 'admission webhook "gate.example" denied the request: no', "kubernetes-admission"],
    [500, 'Internal error occurred: failed calling webhook "gate.example": timed out', "kubernetes-admission"],
    [422, "ValidatingAdmissionPolicy 'small' with binding 'all' denied request: too large", "kubernetes-admission"],
    [
      403,
      `${NAMED}unable to create new content in namespace shop because it is being terminated`,
      "kubernetes-terminating",
    ],
    [404, 'namespaces "shop" not found', "kubernetes-not-found"],
    [410, "too old resource version: 1 (2)", "kubernetes-gone"],
    [429, "too many requests", "kubernetes-busy"],
    [500, "etcdserver: leader changed", "kubernetes-refused"],
    [504, "Timeout: request did not complete", "kubernetes-timeout"],
  ])("%i %s -> %s", (code, message, expected) => {
    const error = refused(code, message);
    expect(error.code).toBe(expected);
    expect(error.message).toContain(message);
  });

  it("names the fields and managers of a conflict", () => {
    const cause = (message: string, field: string) => ({ reason: "FieldManagerConflict", message, field });
    const error = refused(409, "Apply failed with 2 conflicts", [
      cause('conflict with "kubectl" with subresource "scale" using apps/v1 at 2026-11-28T13:11:32Z', ".spec.replicas"),
      cause('conflict with "a \\"quoted\\" one"', ".spec.paused"),
    ]);
    expect(error.facts?.conflicts).toEqual([
      { field: ".spec.replicas", manager: "kubectl" },
      { field: ".spec.paused", manager: 'a "quoted" one' },
    ]);
    expect(error.hint).toContain("kubectl");
  });

  it("names the fields that are invalid, of a patch that does not fit its schema too", () => {
    expect(refused(422, "invalid", [{ field: "spec.replicas", message: "must be positive" }]).facts?.fields).toEqual([
      { field: "spec.replicas", message: "must be positive" },
    ]);
    const misfit =
      "failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.replicas: expected numeric (int or float), got string";
    expect(refused(500, misfit)).toMatchObject({
      code: "kubernetes-invalid",
      retry: "never",
      facts: { fields: [{ field: ".spec.replicas", message: "expected numeric (int or float), got string" }] },
    });
  });

  it("tells a load balancer's page from an API server's answer", () => {
    const page = { status: 404, body: parseStatus("<html>"), what: "get Pod shop/web", hidden: [] };
    expect(refusalError(page)).toMatchObject({ code: "kubernetes-refused", hint: "is this the URL of an API server?" });
  });
});
