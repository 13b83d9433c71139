import { expect, test } from "vitest";
import { environment, service } from "../../test/simulation/system.js";
import { missingSecrets } from "./missing-secrets.js";

const secret = (name: string, generate = false) => ({ kind: "secret", name, generate }) as const;

test("each secret without a value is told once, with the services that need it and what to do", () => {
  const api = service("api", {
    environment: {
      JWT_KEY: secret("jwt-key", true),
      MAIL: secret("mail-password"),
      LEVEL: { kind: "plain", value: "x" },
    },
    uses: [{ resource: "database", variable: "DATABASE_URL" }],
  });
  const mailer = service("mailer", { environment: { PASSWORD: secret("mail-password") } });
  const desired = environment([api, mailer], {
    resources: {
      database: {
        name: "database",
        kind: "postgres",
        source: { kind: "external", urlSecret: "database-url" },
      },
    },
  });
  const told = (known: readonly string[]) =>
    missingSecrets({ environment: "shop/production", desired }, (name) => known.includes(name));
  expect(told([])).toEqual([
    {
      code: "secret-missing",
      sentence: "the secret mail-password has no value in shop/production; api, mailer cannot do without it",
      hint: "windlass secret set mail-password production",
    },
    {
      code: "secret-missing",
      sentence: "the secret database-url has no value in shop/production; api cannot do without it",
      hint: "windlass secret set database-url production",
    },
  ]);
  expect(told(["mail-password", "database-url"])).toEqual([]);
});
