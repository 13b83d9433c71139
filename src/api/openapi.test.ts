import { describe, expect, test } from "vitest";
import { api } from "../../test/api/stories.js";
import { openApiDocument } from "./openapi.js";
import { apiReference } from "./reference.js";
import { ROUTES } from "./routes.js";
import { honoPath } from "./server.js";

describe("the OpenAPI document", () => {
  const document = openApiDocument(ROUTES) as {
    paths: Record<string, Record<string, unknown>>;
    components: { schemas: Record<string, unknown> };
  };

  test("lists what the server serves, no more and no less", () => {
    const { app } = api({});
    const served = app.routes.filter((route) => route.method !== "ALL").map((route) => `${route.method} ${route.path}`);
    const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method === "head" ? "GET" : method.toUpperCase()} ${honoPath(path)}`),
    );
    expect(served.sort()).toEqual(listed.sort());
  });

  test("has every schema that it refers to, and each operation once", () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]);
    const names = new Set(references.map((reference) => reference?.replace("#/components/schemas/", "")));
    expect([...names].filter((name) => !(name !== undefined && name in document.components.schemas))).toEqual([]);
    const ids = ROUTES.map((route) => route.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("is served", async () => {
    expect(await (await api({}).app.request("/v1/openapi.json")).json()).toEqual(JSON.parse(JSON.stringify(document)));
  });
});

test("docs/reference/api.md is current", async () => {
  await expect(apiReference(ROUTES)).toMatchFileSnapshot("../../docs/reference/api.md");
});
