import { expect, test } from "vitest";
import { fromInside } from "./loopback.js";

const only = (host: string) => (asked: string, port: number) => Promise.resolve(asked === host && port === 5432);

test("a resource that listens on the Engine's bridge, too, is reached there", async () => {
  const url = "postgres://shop:s3cret@127.0.0.1:5432/shop?sslmode=disable";
  const inside = await fromInside("DATABASE_URL", url, ["172.17.0.1", "172.20.0.1"], only("172.20.0.1"), true);
  expect(inside).toBe("postgres://shop:s3cret@172.20.0.1:5432/shop?sslmode=disable");
  expect(await fromInside("DATABASE_URL", "postgres://localhost/shop", ["172.17.0.1"], only("172.17.0.1"), true)).toBe(
    "postgres://172.17.0.1/shop",
  );
});

test("one that listens on loopback alone is a problem that says what to do, without the password", async () => {
  const error = await fromInside(
    "CACHE_URL",
    "redis://:s3cret@127.0.0.1:6379/0",
    ["172.17.0.1"],
    only("nowhere"),
    true,
  ).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: "host-container-loopback" });
  expect(String(error)).toContain("CACHE_URL");
  expect(JSON.stringify(error)).toContain("172.17.0.1");
  expect(JSON.stringify(error)).not.toContain("s3cret");
});

test("what is elsewhere stays as it is", async () => {
  const urls = ["postgres://db.example.com:5432/shop", "host=db user=shop"];
  for (const url of urls) expect(await fromInside("URL", url, ["172.17.0.1"], only("172.17.0.1"), true)).toBe(url);
});

test("an Engine in a virtual machine has a name for the loopback of the machine around it", async () => {
  const inside = await fromInside("DATABASE_URL", "postgres://127.0.0.1:5432/shop", [], only("nowhere"), false);
  expect(inside).toBe("postgres://host.docker.internal:5432/shop");
});
