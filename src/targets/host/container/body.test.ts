import { expect, test } from "vitest";
import { type ContainerWish, containerBody } from "./body.js";
import { containerName, networkName } from "./names.js";

const wish: ContainerWish = {
  image: "sha256:1",
  argv: null,
  environment: { PORT: "8080", GREETING: "a=b c" },
  port: 23_456,
  labels: { "windlass.replica": "web-r1-1" },
  network: "windlass-1-shop.test",
  machine: "host-gateway",
  user: "node",
  entrypoint: [],
  cpu: 0.25,
  memoryBytes: 1024,
  stopGraceMs: 2_500,
};

test("a container has its limits, one port on loopback, and nothing that it was not given", () => {
  const body = containerBody(wish);
  expect(body).toMatchObject({
    Image: "sha256:1",
    Env: ["PORT=8080", "GREETING=a=b c"],
    User: "node",
    StopSignal: "SIGTERM",
    StopTimeout: 3,
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      NetworkMode: "windlass-1-shop.test",
      PortBindings: { "8080/tcp": [{ HostIp: "127.0.0.1", HostPort: "23456" }] },
      ExtraHosts: ["host.docker.internal:host-gateway"],
      RestartPolicy: { Name: "unless-stopped" },
      Memory: 1024,
      MemorySwap: 1024,
      NanoCpus: 250_000_000,
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Init: true,
    },
  });
  expect(body).not.toHaveProperty("Cmd");
  expect(body.HostConfig?.Binds).toBeUndefined();
});

test("a worker has no port, and what has no limit has none", () => {
  const body = containerBody({ ...wish, port: null, cpu: null, memoryBytes: null, argv: ["node", "x.mjs"] });
  expect(body.ExposedPorts).toBeUndefined();
  expect(body.Cmd).toEqual(["node", "x.mjs"]);
  for (const name of ["PortBindings", "Memory", "MemorySwap", "NanoCpus"])
    expect(body.HostConfig).not.toHaveProperty(name);
});

test.each([
  ["", "65532:65532"],
  ["root", "65532:65532"],
  ["0:0", "65532:65532"],
  ["root:node", "65532:65532"],
  ["1000:1000", "1000:1000"],
  ["node", "node"],
])("an image's user %j runs as %s", (user, runs) => {
  expect(containerBody({ ...wish, user }).User).toBe(runs);
});

test("an image with an init of its own gets no second one", () => {
  expect(containerBody({ ...wish, entrypoint: ["/usr/bin/tini", "--"] }).HostConfig?.Init).toBe(false);
});

test("names say whose they are, are what an Engine takes, and differ when their replicas do", () => {
  expect(containerName("abc", { environment: "shop/prod", id: "web-r1-1" })).toBe("windlass-abc-shop.prod-web-r1-1");
  expect(networkName("abc", "shop/prod")).toBe("windlass-abc-shop.prod");
  const long = (end: string) => containerName("abc", { environment: "shop/prod", id: `${"x".repeat(200)}${end}` });
  expect(long("1")).not.toBe(long("2"));
  expect(long("1").length).toBeLessThanOrEqual(120);
  const odd = containerName("abc", { environment: "shöp/prod", id: "web-r1-1" });
  expect(odd).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/);
  expect(odd).not.toBe(containerName("abc", { environment: "shüp/prod", id: "web-r1-1" }));
});
