import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "./postgres.js";
import {
  admin,
  type BuiltRelease,
  buildRelease,
  errorOf,
  type RunningService,
  secrets,
  startService,
} from "./running-service.js";

let postgres: PostgresServer;
let release: BuiltRelease;
let service: RunningService;

beforeAll(async () => {
  [postgres, release] = await Promise.all([startPostgres(), buildRelease("1.0.0")]);
  service = await startService(release, await postgres.createDatabase("login"));
});
afterAll(async () => {
  await service?.end();
  await release?.remove();
  await postgres?.end();
});

const logIn = (body: unknown) =>
  service.fetch("/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
const with_ = (token: string) => service.fetch("/customers", { headers: { authorization: `Bearer ${token}` } });
const forge = (key: string, change: (jwt: SignJWT) => SignJWT) => {
  const jwt = new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setSubject("mallory")
    .setIssuer("customer-service")
    .setAudience("customer-service")
    .setExpirationTime("1h");
  return change(jwt).sign(new TextEncoder().encode(key));
};

describe("logging in", () => {
  test("gives a token that opens the customers", async () => {
    const answer = await logIn(admin);
    const { token, type, expiresIn } = (await answer.json()) as { token: string; type: string; expiresIn: number };
    expect({ type, expiresIn }).toEqual({ type: "Bearer", expiresIn: 3600 });
    expect((await with_(token)).status).toBe(200);
  });

  test("with a wrong password is refused", async () => {
    const refused = await errorOf(await logIn({ ...admin, password: "wrong" }));
    expect(refused).toMatchObject({ status: 401, code: "wrong-credentials" });
  });

  test("as somebody unknown is refused in the same words", async () => {
    const [unknown, wrong] = [
      await logIn({ ...admin, email: "no@example.com" }),
      await logIn({ ...admin, password: "x" }),
    ];
    const words = async (answer: Response) => ({ ...(await errorOf(answer)), requestId: null });
    expect(await words(unknown)).toEqual(await words(wrong));
  });

  test("many times at once is slowed down instead of starving the service", async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => logIn({ ...admin, password: "guess" })));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([401, 429]));
  });

  test("is on the audit log with the user's id, succeeded or not", async () => {
    await logIn(admin);
    const succeeded = await service.logged((record) => record.audit === "login.succeeded");
    const refused = await service.logged((record) => record.audit === "login.refused" && record.userId !== null);
    expect(refused.userId).toBe(succeeded.userId);
  });
});

describe("a token", () => {
  test("is needed", async () => {
    const answer = await service.fetch("/customers");
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(await errorOf(answer)).toMatchObject({ status: 401, code: "not-authenticated" });
  });

  test("of another key is refused", async () => {
    const token = await forge("another-key-that-is-long-enough-too", (jwt) => jwt);
    expect((await with_(token)).status).toBe(401);
  });

  test("past its end is refused", async () => {
    const token = await forge(secrets.JWT_KEY, (jwt) => jwt.setExpirationTime(1));
    expect((await with_(token)).status).toBe(401);
  });

  test("of another issuer with the same key is refused", async () => {
    const token = await forge(secrets.JWT_KEY, (jwt) => jwt.setIssuer("billing"));
    expect((await with_(token)).status).toBe(401);
  });

  test("without a signature is refused", async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = { sub: "mallory", iss: "customer-service", aud: "customer-service", exp: 4_000_000_000 };
    expect((await with_(`${part({ alg: "none" })}.${part(claims)}.`)).status).toBe(401);
  });
});

test("a new password in the environment replaces the old one", async () => {
  const database = await postgres.createDatabase("rotated");
  const before = await startService(release, database);
  await before.end();
  const after = await startService(release, database, { environment: { ADMIN_PASSWORD: "another good password" } });
  try {
    const attempt = async (password: string) => {
      const body = JSON.stringify({ ...admin, password });
      const answer = await after.fetch("/login", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      return answer.status;
    };
    expect([await attempt(admin.password), await attempt("another good password")]).toEqual([401, 200]);
  } finally {
    await after.end();
  }
});
