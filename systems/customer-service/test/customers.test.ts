import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "./postgres.js";
import { type BuiltRelease, buildRelease, errorOf, type RunningService, startService } from "./running-service.js";

let postgres: PostgresServer;
let release: BuiltRelease;
let service: RunningService;

beforeAll(async () => {
  [postgres, release] = await Promise.all([startPostgres(), buildRelease("1.0.0")]);
  service = await startService(release, await postgres.createDatabase("customers"));
});
afterAll(async () => {
  await service?.end();
  await release?.remove();
  await postgres?.end();
});

interface Customer {
  readonly id: string;
  readonly name: string;
  readonly version: number;
}
const ada = (email: string) => ({ name: "Ada Lovelace", email, phone: "+44 20 7946 0000", city: "London" });
const create = async (body: unknown) => (await (await service.asAdmin("POST", "/customers", body)).json()) as Customer;
const unknownId = "00000000-0000-4000-8000-000000000000";

describe("a customer", () => {
  test("that was created is read back as it was sent", async () => {
    const sent = ada("ada@example.com");
    const answer = await service.asAdmin("POST", "/customers", sent);
    const created = (await answer.json()) as Customer;
    expect(answer.headers.get("location")).toBe(`/customers/${created.id}`);
    const read = await service.asAdmin("GET", `/customers/${created.id}`);
    expect(await read.json()).toMatchObject({ ...sent, id: created.id, version: 1 });
  });

  test("that is updated has a new version", async () => {
    const { id } = await create(ada("update@example.com"));
    const answer = await service.asAdmin("PUT", `/customers/${id}`, { name: "Ada King", email: "update@example.com" });
    expect(await answer.json()).toMatchObject({ id, name: "Ada King", phone: null, version: 2 });
  });

  test("that was changed meanwhile is not overwritten", async () => {
    const { id } = await create(ada("lost@example.com"));
    const put = (etag: string) =>
      service.asAdmin("PUT", `/customers/${id}`, ada("lost@example.com"), { "if-match": etag });
    expect((await put('"1"')).status).toBe(200);
    expect(await errorOf(await put('"1"'))).toMatchObject({ status: 412, code: "changed-meanwhile" });
  });

  test("that was deleted is gone", async () => {
    const { id } = await create(ada("gone@example.com"));
    expect((await service.asAdmin("DELETE", `/customers/${id}`)).status).toBe(204);
    for (const method of ["GET", "DELETE"])
      expect(await errorOf(await service.asAdmin(method, `/customers/${id}`))).toMatchObject({ status: 404 });
  });

  test("with another's email address is refused, whatever its case", async () => {
    await create(ada("twice@example.com"));
    const again = await service.asAdmin("POST", "/customers", ada("Twice@Example.com"));
    expect(await errorOf(again)).toMatchObject({ status: 409, code: "email-taken" });
  });

  test("leaves an audit record for each write with who and which, and nothing personal", async () => {
    const { id } = await create(ada("audited@example.com"));
    await service.asAdmin("PUT", `/customers/${id}`, ada("audited@example.com"));
    await service.asAdmin("DELETE", `/customers/${id}`);
    await service.logged((record) => record.audit === "customer.deleted" && record.customerId === id);
    const audits = service.log.filter((record) => record.customerId === id);
    expect(audits.map((record) => record.audit)).toEqual(["customer.created", "customer.updated", "customer.deleted"]);
    expect(new Set(audits.map((record) => typeof record.userId))).toEqual(new Set(["string"]));
    expect(service.output()).not.toContain("audited@example.com");
  });
});

describe("the list", () => {
  test("gives every customer once, page by page", async () => {
    const made = [];
    for (let n = 0; n < 7; n++) made.push((await create(ada(`page-${n}@example.com`))).id);
    const seen: string[] = [];
    let after = "";
    do {
      const page = (await (await service.asAdmin("GET", `/customers?limit=3${after}`)).json()) as {
        customers: Customer[];
        next: string | null;
      };
      seen.push(...page.customers.map((customer) => customer.id));
      after = page.next === null ? "" : `&after=${page.next}`;
    } while (after !== "");
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(made));
  });

  test.each(["limit=0", "limit=101", "limit=x", "after=1", "unknown=1", "q=", `q=a&after=${unknownId}`])(
    "refuses ?%s",
    async (query) => {
      const refused = await errorOf(await service.asAdmin("GET", `/customers?${query}`));
      expect(refused).toMatchObject({ status: 422, code: "invalid-input" });
    },
  );
});

describe("the search", () => {
  const search = async (text: string) => {
    const answer = await service.asAdmin("GET", `/customers?q=${encodeURIComponent(text)}`);
    return ((await answer.json()) as { customers: Customer[] }).customers.map((customer) => customer.name);
  };
  beforeAll(async () => {
    for (const name of ["Zoë Quinn", "Zora Hurston", "100% Organic"])
      await create({ name, email: `${name.slice(0, 4).replace(/\W/g, "z")}@search.example` });
  });

  test("finds by the beginning of the name, in order", async () => {
    expect(await search("zo")).toEqual(["Zora Hurston", "Zoë Quinn"]);
  });
  test("takes wildcards literally", async () => {
    expect(await search("%")).toEqual([]);
    expect(await search("100%")).toEqual(["100% Organic"]);
  });
  test("takes SQL literally", async () => {
    expect(await search("'; DROP TABLE customers; --")).toEqual([]);
    expect((await service.asAdmin("GET", "/customers")).status).toBe(200);
  });
});

describe("bad input", () => {
  test.each([
    ["no name", { email: "a@example.com" }, ["name"]],
    ["an empty name", { name: "  ", email: "a@example.com" }, ["name"]],
    ["two bad fields at once", { name: "x".repeat(201), email: "nobody" }, ["email", "name"]],
    ["a phone number that is none", { name: "A", email: "a@example.com", phone: "call me" }, ["phone"]],
    ["NUL in a name", { name: "A\u0000B", email: "a@example.com" }, ["name"]],
    ["a field that does not exist", { name: "A", email: "a@example.com", admin: true }, [""]],
    ["a list", [], [""]],
  ])("%s is refused by field", async (_what, body, paths) => {
    const refused = await errorOf(await service.asAdmin("POST", "/customers", body));
    expect(refused).toMatchObject({ status: 422, code: "invalid-input" });
    expect(refused.fields?.map((field) => field.path).sort()).toEqual(paths);
  });

  test("an id that is none is refused", async () => {
    expect(await errorOf(await service.asAdmin("GET", "/customers/7"))).toMatchObject({ status: 422 });
  });

  test("an update of nobody is a 404", async () => {
    expect(await errorOf(await service.asAdmin("PUT", `/customers/${unknownId}`, ada("x@example.com")))).toMatchObject({
      status: 404,
    });
  });

  const post = (body: string, type: string) =>
    service.fetch("/login", { method: "POST", headers: { "content-type": type }, body });
  test("a body that is no JSON is a 400", async () => {
    expect(await errorOf(await post("{", "application/json"))).toMatchObject({ status: 400, code: "malformed-json" });
  });
  test("a body of another type is a 415", async () => {
    expect(await errorOf(await post("a=b", "text/plain"))).toMatchObject({ status: 415, code: "not-json" });
  });
  test("a body that is too large is a 413", async () => {
    const body = JSON.stringify({ email: "x".repeat(100_000) });
    expect(await errorOf(await post(body, "application/json"))).toMatchObject({ status: 413, code: "body-too-large" });
  });
  test("a body that does not say how large it is is bounded, too", async () => {
    const chunk = new TextEncoder().encode(" ".repeat(10_000));
    const body = new ReadableStream({ pull: (stream) => stream.enqueue(chunk) });
    const headers = { "content-type": "application/json" };
    const answer = await service.fetch("/login", { method: "POST", headers, body, duplex: "half" } as RequestInit);
    expect(await errorOf(answer)).toMatchObject({ status: 413, code: "body-too-large" });
  });
  test("a method that the path does not know is a 405", async () => {
    const answer = await service.asAdmin("PATCH", `/customers/${unknownId}`, {});
    expect(answer.headers.get("allow")).toBe("GET, PUT, DELETE");
    expect(await errorOf(answer)).toMatchObject({ status: 405 });
  });
  test("an unknown path is a 404", async () => {
    expect(await errorOf(await service.fetch("/nowhere"))).toMatchObject({ status: 404, code: "no-such-route" });
  });
});
