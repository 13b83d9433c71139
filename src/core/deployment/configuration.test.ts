import { expect, test } from "vitest";
import { environment, release, service } from "../../../test/simulation/system.js";
import { revisionOf, versionsOf } from "./configuration.js";

const token = { kind: "secret", name: "token", generate: false } as const;
const staging = environment([
  service("web", { environment: { TOKEN: token } }),
  service("api", { environment: { PLAIN: { kind: "plain", value: "1" } } }),
]);

test("a secret that was set anew makes another revision, and other workloads for who uses it", () => {
  const before = revisionOf("r1", release("1.0.0"), staging, {});
  const after = revisionOf("r2", release("1.0.0"), staging, { token: 1, unused: 4 });
  expect(after.digest).not.toBe(before.digest);
  expect(after.workloads.web).not.toBe(before.workloads.web);
  expect(after.workloads.api).toBe(before.workloads.api);
  expect(after.configuration).toEqual({ token: 1 });
});

test("a secret that nobody uses changes nothing", () => {
  expect(revisionOf("r1", release("1.0.0"), staging, { unused: 1 })).toEqual(
    revisionOf("r1", release("1.0.0"), staging, {}),
  );
});

test("the URL of an external resource is a secret of the services that use it", () => {
  const external = environment([service("web", { uses: [{ resource: "db", variable: "DATABASE_URL" }] })], {
    resources: { db: { name: "db", kind: "postgres", source: { kind: "external", urlSecret: "database-url" } } },
  });
  expect(versionsOf(external, "web", { "database-url": 2 })).toEqual({ "database-url": 2 });
});
