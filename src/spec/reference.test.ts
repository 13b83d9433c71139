import { describe, expect, it } from "vitest";
import { jsonSchema } from "./json-schema.js";
import { reference } from "./reference.js";

describe("what comes out of the schema", () => {
  it("docs/reference/spec.md is current", async () => {
    await expect(reference()).toMatchFileSnapshot("../../docs/reference/spec.md");
  });

  it("every field of the JSON Schema has a description", () => {
    const nameless: string[] = [];
    const visit = (node: unknown, at: string): void => {
      if (typeof node !== "object" || node === null) return;
      const { properties } = node as { properties?: Record<string, { description?: string }> };
      for (const [key, value] of Object.entries(properties ?? {}))
        if (value.description === undefined) nameless.push(`${at}/${key}`);
      for (const [key, value] of Object.entries(node)) visit(value, `${at}/${key}`);
    };
    visit(jsonSchema(), "");
    expect(nameless).toEqual([]);
  });

  it("the JSON Schema refuses unknown keys", () => {
    expect(jsonSchema()).toMatchObject({ type: "object", additionalProperties: false, required: ["name", "services"] });
  });
});
