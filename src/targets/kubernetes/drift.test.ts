import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../render/kubernetes/object.js";
import { driftOf, valueAt } from "./drift.js";

const deployment = (replicas: number, image: string): KubernetesObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web-1", labels: { "app.kubernetes.io/name": "web" } },
  spec: { replicas, template: { spec: { containers: [{ name: "web", image, args: ["a", "b"] }] } } },
});

describe("drift", () => {
  test("says field by field who wanted what, in the server's own notation", () => {
    const conflicts = [
      { field: ".spec.replicas", manager: "kubectl" },
      { field: '.spec.template.spec.containers[name="web"].image', manager: "kubectl-edit" },
    ];
    expect(driftOf(deployment(3, "web:1"), deployment(5, "web:2"), conflicts, true)).toEqual([
      { object: "Deployment/web-1", field: "spec.replicas", wanted: "3", found: "5", by: "kubectl", healed: true },
      {
        object: "Deployment/web-1",
        field: 'spec.template.spec.containers[name="web"].image',
        wanted: "web:1",
        found: "web:2",
        by: "kubectl-edit",
        healed: true,
      },
    ]);
  });

  test("an object that is gone has no field", () => {
    expect(driftOf(deployment(1, "web:1"), null, [], false)).toEqual([
      { object: "Deployment/web-1", field: "", wanted: "there", found: "gone", by: null, healed: false },
    ]);
  });

  test("tells no value of a Secret", () => {
    const secret = (value: string): KubernetesObject => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "web-1" },
      data: { TOKEN: value },
    });
    const told = JSON.stringify(
      driftOf(secret("aGVsbG8="), secret("d29ybGQ="), [{ field: ".data.TOKEN", manager: "x" }], true),
    );
    expect(told).not.toContain("aGVsbG8=");
    expect(told).not.toContain("d29ybGQ=");
  });

  test.each([
    [".spec.replicas", 1],
    ['.spec.template.spec.containers[name="web"].args[1]', "b"],
    ['.metadata.labels["app.kubernetes.io/name"]', "web"],
    [".spec.nothing.there", undefined],
    ['.spec.template.spec.containers[name="db"].image', undefined],
  ])("finds %s", (path, value) => {
    expect(valueAt(deployment(1, "web:1"), path)).toEqual(value);
  });
});
