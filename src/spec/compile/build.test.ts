import { describe, expect, it } from "vitest";
import { compile } from "./compile.js";

const NODE = { command: ["node", "server.js"], port: 8080 };
const CLUSTER = { target: "kubernetes", registry: "localhost:5000" };
const DOCKER = { runner: "docker" };

function compiled(environment: object, api: object) {
  const result = compile({
    name: "shop",
    services: { api },
    environments: { development: null, staging: null, production: environment },
  });
  return {
    service: result.system?.environments.production?.services.api,
    problems: (result.problems ?? []).map(({ path, message, hint }) => `${path.join(".")}: ${message}; ${hint ?? ""}`),
  };
}

const buildOf = (environment: object, api: object) => compiled(environment, api).service?.build;

describe("the image of a service", () => {
  it.each([
    ["in a cluster", CLUSTER],
    ["in containers of this machine", DOCKER],
  ])("%s is made by its Dockerfile, else from its files on a base", (_, environment) => {
    expect(buildOf(environment, { ...NODE, dockerfile: "Dockerfile" })).toEqual({
      kind: "dockerfile",
      file: "Dockerfile",
      context: ".",
      stage: null,
    });
    const written = { file: "docker/api", stage: "run" };
    expect(buildOf(environment, { ...NODE, source: "dist", dockerfile: written })).toEqual({
      kind: "dockerfile",
      ...written,
      context: "dist",
    });
    expect(buildOf(environment, { ...NODE, dockerfile: { ...written, context: ".." } })).toMatchObject({
      context: "..",
    });
    expect(buildOf(environment, { ...NODE, base: "oci/node" })).toEqual({ kind: "files", base: "oci/node" });
    expect(buildOf(environment, NODE)).toEqual({ kind: "files", base: "docker.io/library/node:20-bookworm-slim" });
    expect(buildOf(environment, { ...NODE, command: "node server.js" })).toMatchObject({ kind: "files" });
    expect(buildOf(environment, { image: "shop/api:1", port: 80 })).toBeUndefined();
  });

  it("is not made where replicas are processes", () => {
    const plain = compiled({}, NODE);
    expect(compiled({}, { ...NODE, dockerfile: "Dockerfile" }).service).toEqual(plain.service);
    expect(compiled({ runner: "process" }, { ...NODE, base: "oci/node" }).service).toEqual(plain.service);
  });

  it("may be all there is: then its own command runs, and no files are packed beside it", () => {
    const { service } = compiled(DOCKER, { dockerfile: "Dockerfile", port: 80 });
    expect(service).toMatchObject({
      run: { kind: "image", image: "api", argv: null },
      source: null,
      build: { kind: "dockerfile", context: "." },
    });
    expect(compiled({}, { dockerfile: "Dockerfile" }).problems).toEqual([
      'services.api.dockerfile: replicas of "api" are processes here, and there is no command for them; runner: "docker" in the environment, or a command',
    ]);
  });

  it("cannot be guessed for every command", () => {
    expect(compiled(CLUSTER, { command: ["python3", "app.py"] }).problems).toEqual([
      'services.api.command: no image can be made of it: nothing says what "python3" is in; dockerfile: "Dockerfile", or base: "registry/name:tag"',
    ]);
    expect(compiled(CLUSTER, { ...NODE, source: false }).problems).toEqual([
      "services.api.source: there are no files to make an image of; dockerfile, or image with a command of its own",
    ]);
  });

  it("is made in one way", () => {
    expect(compiled(CLUSTER, { ...NODE, dockerfile: "/Dockerfile", base: "b" }).problems).toEqual([
      "services.api.base: an image has a Dockerfile or a base, not both; FROM names the base",
      'services.api.dockerfile: "/Dockerfile" is absolute; it is relative to the spec',
    ]);
    expect(compiled({}, { image: "a:1", dockerfile: "Dockerfile" }).problems).toEqual([
      "services.api.dockerfile: a service has an image or one is made of it, not both; remove dockerfile",
    ]);
  });

  it("is chosen by each environment: the upper layer's way replaces the lower one's", () => {
    const services = { api: { ...NODE, dockerfile: { file: "Dockerfile", stage: "run" } } };
    const environments = {
      staging: { ...CLUSTER, services: { api: { base: "oci/node" } } },
      production: { ...CLUSTER, services: { api: { image: "shop/api:1.4.2" } } },
      lab: { ...DOCKER, services: { api: { dockerfile: "Dockerfile.lab" } } },
    };
    const found = compile({ name: "shop", services, environments }).system?.environments;
    expect(found?.staging?.services.api?.build).toEqual({ kind: "files", base: "oci/node" });
    expect(found?.production?.services.api).toMatchObject({ run: { kind: "image", image: "shop/api:1.4.2" } });
    expect(found?.production?.services.api).not.toHaveProperty("build");
    expect(found?.lab?.services.api?.build).toMatchObject({ file: "Dockerfile.lab", stage: null });
  });

  it("of a service with a broken field is nobody's problem before that", () => {
    expect(compiled(CLUSTER, { image: 5 }).problems).toHaveLength(1);
    expect(compiled(CLUSTER, { command: ["python3"], dockerfil: "Dockerfile" }).problems).toEqual([
      'services.api.dockerfil: unknown key "dockerfil"; did you mean "dockerfile"?',
    ]);
  });
});
