import { expect, test } from "vitest";
import { parseReference, repositoryName } from "./reference.js";

const DIGEST = `sha256:${"a".repeat(64)}`;

test("images as people write them", () => {
  const parts = (text: string) => Object.values(parseReference(text));
  expect(parts("redis")).toEqual(["docker.io", "library/redis", null, null]);
  expect(parts("bitnami/redis:7.2")).toEqual(["docker.io", "bitnami/redis", "7.2", null]);
  expect(parts("localhost/api:1")).toEqual(["localhost", "api", "1", null]);
  expect(parts("127.0.0.1:5000/shop/api")).toEqual(["127.0.0.1:5000", "shop/api", null, null]);
  expect(parts(`registry.example.com/shop/api:1@${DIGEST}`)).toEqual(["registry.example.com", "shop/api", "1", DIGEST]);
  expect(repositoryName(parseReference("redis:7"))).toBe("redis");
  expect(repositoryName(parseReference("registry.example.com/a/b:7"))).toBe("registry.example.com/a/b");
});

test("what is none is refused", () => {
  for (const text of [
    "",
    "Redis",
    "a/../b",
    "redis:",
    "redis:a b",
    "redis@sha256:1",
    `redis@${DIGEST}@${DIGEST}`,
    "-a",
    "a.b/",
  ])
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: "image-reference" }));
});
