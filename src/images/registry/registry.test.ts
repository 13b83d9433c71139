import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeRegistry } from "../../../test/images/fake-registry.js";
import { imageOf } from "../assemble.js";
import { OCI } from "../descriptor.js";
import { digestOfBytes } from "../digest.js";
import type { Blob, Image } from "../image.js";
import { parseReference } from "../reference.js";
import { type Credentials, dockerCredentials } from "./credentials.js";
import { pullImage, resolveTag } from "./pull.js";
import { pushImage } from "./push.js";
import { Registry } from "./registry.js";

const SECRET = "hunter2-very-secret";
const LAYER = Buffer.from("a layer's bytes");

let fake: FakeRegistry;
const open: Registry[] = [];

beforeEach(async () => {
  fake = new FakeRegistry();
  await fake.listen();
});

afterEach(async () => {
  for (const registry of open.splice(0)) await registry.close();
  await fake.close();
});

function client(credentials: Credentials | null = null): Registry {
  const registry = new Registry(fake.host, { credentials: async () => credentials, insecure: true, backOffMs: 1 });
  open.push(registry);
  return registry;
}

const ADA: Credentials = { kind: "password", username: "ada", password: SECRET };

function blobOf(bytes: Buffer, origin?: Blob["origin"]): Blob {
  return {
    descriptor: { mediaType: OCI.layer, digest: digestOfBytes(bytes), size: bytes.length },
    open: async () => Readable.from([bytes], { objectMode: false }),
    ...(origin === undefined ? {} : { origin }),
  };
}

function imageWith(...layers: readonly Blob[]): Image {
  const diff_ids = layers.map(({ descriptor }) => descriptor.digest);
  return imageOf({ os: "linux", architecture: "amd64", rootfs: { type: "layers", diff_ids } }, layers);
}

const PLATFORM = { os: "linux", architecture: "amd64" };
const API = () => parseReference(`${fake.host}/shop/api:1.0.0`);

/** Answers 401 with a challenge until the request has this header. */
function wants(header: string, challenge: string): FakeRegistry["before"] {
  return (request, response) => {
    if (request.headers.authorization === header) return false;
    response.writeHead(401, { "www-authenticate": challenge }).end();
    return true;
  };
}

describe("pushing and pulling", () => {
  it("sends everything once, counts the bytes, and finds it again by tag and by digest", async () => {
    const image = imageWith(blobOf(LAYER));
    const reports: number[] = [];
    const registry = client();
    const pushed = await pushImage(registry, "shop/api", image, "1.0.0", ({ sent, of }) => reports.push(sent / of));
    expect(pushed).toEqual({ uploaded: LAYER.length + image.config.length, mounted: 0, present: 0 });
    expect(reports.at(-1)).toBe(1);
    expect(await pushImage(registry, "shop/api", image, "1.0.1")).toMatchObject({
      uploaded: 0,
      present: pushed.uploaded,
    });
    expect(await resolveTag(registry, API())).toBe(`${fake.host}/shop/api@${image.digest}`);
    const pulled = await pullImage(registry, API(), PLATFORM);
    expect(pulled.digest).toBe(image.digest);
    const chunks: Buffer[] = [];
    for await (const chunk of (await pulled.layers[0]?.open()) ?? []) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks)).toEqual(LAYER);
  });

  it("mounts what another repository of the registry has, and copies what another registry has", async () => {
    fake.blobs.set(`base/node/${digestOfBytes(LAYER)}`, LAYER);
    const here = imageWith(blobOf(LAYER, { registry: fake.host, repository: "base/node" }));
    expect(await pushImage(client(), "shop/api", here, "1")).toMatchObject({ mounted: LAYER.length });
    const elsewhere = imageWith(blobOf(LAYER, { registry: "registry.example.com", repository: "base/node" }));
    const pushed = await pushImage(client(), "shop/web", elsewhere, "1");
    expect(pushed).toMatchObject({ mounted: 0, uploaded: LAYER.length + elsewhere.config.length });
  });

  it("takes the platform's image out of an index, and a tag means the index", async () => {
    const image = imageWith(blobOf(LAYER));
    await pushImage(client(), "shop/api", image, "plain");
    const manifests = [
      { mediaType: image.mediaType, digest: image.digest, size: image.manifest.length, platform: PLATFORM },
    ];
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI.index, manifests }));
    await client().putManifest("shop/api", "1.0.0", OCI.index, index);
    expect((await pullImage(client(), API(), PLATFORM)).digest).toBe(image.digest);
    expect(await resolveTag(client(), API())).toBe(`${fake.host}/shop/api@${digestOfBytes(index)}`);
    await expect(pullImage(client(), API(), { os: "linux", architecture: "arm64" })).rejects.toMatchObject({
      code: "image-platform",
    });
  });

  it("says what is not there, and does not believe other bytes", async () => {
    await expect(resolveTag(client(), API())).rejects.toMatchObject({ code: "image-unknown" });
    const image = imageWith(blobOf(LAYER));
    await pushImage(client(), "shop/api", image, "1.0.0");
    fake.blobs.set(`shop/api/${image.configDescriptor.digest}`, Buffer.alloc(image.config.length, 32));
    await expect(pullImage(client(), API(), PLATFORM)).rejects.toMatchObject({ code: "image-corrupt" });
    fake.manifests.set(`shop/api/${image.digest}`, { type: OCI.manifest, bytes: Buffer.from("{}") });
    await expect(client().manifest("shop/api", image.digest)).rejects.toMatchObject({ code: "image-corrupt" });
  });
});

describe("being let in", () => {
  it("fetches a token for what it does, and sends it along from then on", async () => {
    const asked: string[] = [];
    const bearer = wants("Bearer t0ken", `Bearer realm="http://${fake.host}/token",service="rig",scope="x"`);
    fake.before = (request, response, url) => {
      if (url.pathname !== "/token") return bearer(request, response, url);
      asked.push(
        `${request.headers.authorization} ${url.searchParams.get("service")} ${url.searchParams.getAll("scope").join(" + ")}`,
      );
      response.end('{"token":"t0ken"}');
      return true;
    };
    const origin = { registry: fake.host, repository: "base/node" };
    await pushImage(client(ADA), "shop/api", imageWith(blobOf(LAYER, origin)), "1");
    const basic = `Basic ${Buffer.from(`ada:${SECRET}`).toString("base64")}`;
    expect(asked).toEqual([
      `${basic} rig repository:shop/api:pull,push`,
      `${basic} rig repository:shop/api:pull,push + repository:base/node:pull`,
    ]);
  });

  it("trades a refresh token for one", async () => {
    const bearer = wants("Bearer fresh", `Bearer realm="http://${fake.host}/token",service="rig"`);
    let form = "";
    fake.before = (request, response, url) => {
      if (url.pathname !== "/token") return bearer(request, response, url);
      request.on("data", (chunk: Buffer) => (form += chunk));
      request.on("end", () => response.end('{"access_token":"fresh"}'));
      return true;
    };
    await pushImage(client({ kind: "identity", token: SECRET }), "shop/api", imageWith(), "1");
    expect(Object.fromEntries(new URLSearchParams(form))).toMatchObject({
      grant_type: "refresh_token",
      refresh_token: SECRET,
      scope: "repository:shop/api:pull,push",
    });
  });

  it("answers Basic, and says who was not let in without a word of the secret", async () => {
    fake.before = wants(`Basic ${Buffer.from(`ada:${SECRET}`).toString("base64")}`, 'Basic realm="rig"');
    await pushImage(client(ADA), "shop/api", imageWith(), "1");
    for (const credentials of [null, { ...ADA, password: `${SECRET}-old` }]) {
      const error = await pushImage(client(credentials), "shop/api", imageWith(), "1").catch((each: unknown) => each);
      expect(error).toMatchObject({
        code: "registry-denied",
        hint: expect.stringContaining(`docker login ${fake.host}`),
      });
      expect(JSON.stringify(error)).not.toContain(SECRET);
    }
  });

  it("does not take its secret to a token server by plain HTTP for a registry of HTTPS", async () => {
    const { Authorization } = await import("./authorization.js");
    const { Transport } = await import("./transport.js");
    const authorization = new Authorization("registry.example.com", false, async () => ADA, new Transport(1));
    const challenge = { scheme: "bearer", realm: `http://${fake.host}/token`, service: null, scope: null } as const;
    await expect(authorization.answer(challenge, "x")).rejects.toMatchObject({ code: "registry-answer" });
    expect(fake.seen).toEqual([]);
  });

  it("takes no header to the storage that a blob lies in", async () => {
    const image = imageWith(blobOf(LAYER));
    await pushImage(client(), "shop/api", image, "1.0.0");
    const headers: (string | undefined)[] = [];
    const storage = http.createServer((request, response) => {
      headers.push(request.headers.authorization);
      response.end(fake.blobs.get(`shop/api/${request.url?.slice(1)}`));
    });
    await new Promise<void>((resolve) => storage.listen(0, "127.0.0.1", resolve));
    const basic = wants(`Basic ${Buffer.from(`ada:${SECRET}`).toString("base64")}`, "Basic");
    fake.before = (request, response, url) => {
      if (basic(request, response, url)) return true;
      if (!url.pathname.includes("/blobs/")) return false;
      const location = `http://127.0.0.1:${(storage.address() as AddressInfo).port}/${url.pathname.split("/").at(-1)}`;
      response.writeHead(307, { location }).end();
      return true;
    };
    expect((await pullImage(client(ADA), API(), PLATFORM)).config).toEqual(image.config);
    expect(headers).toEqual([undefined]);
    storage.closeAllConnections();
    await new Promise((resolve) => storage.close(resolve));
  });
});

describe("a registry that is in trouble", () => {
  it("is asked again after a 429, a 503 and a broken connection, a bounded number of times", async () => {
    const troubles = [429, 503, 0];
    fake.before = (request, response) => {
      const trouble = troubles.shift();
      if (trouble === undefined) return false;
      if (trouble === 0) request.socket.destroy();
      else response.writeHead(trouble, { "retry-after": "0" }).end();
      return true;
    };
    expect(await client().digest("shop/api", "1.0.0")).toBeNull();
    expect(fake.seen).toHaveLength(4);
    fake.before = (_request, response) => {
      response.writeHead(503).end('{"errors":[{"code":"X","message":"closed for repairs"}]}');
      return true;
    };
    await expect(client().manifest("shop/api", "1.0.0")).rejects.toMatchObject({
      code: "registry-refused",
      message: expect.stringContaining("closed for repairs"),
      facts: { status: 503 },
    });
    expect(fake.seen).toHaveLength(8);
  });

  it("gets an upload from its beginning again, and the count of bytes goes back", async () => {
    let broken = false;
    fake.before = (request, response, url) => {
      if (request.method !== "PUT" || !url.pathname.includes("uploads") || broken) return false;
      broken = true;
      request.on("end", () => response.writeHead(500).end()).resume();
      return true;
    };
    let last = { sent: 0, of: 0 };
    await pushImage(client(), "shop/api", imageWith(blobOf(LAYER)), "1", (report) => {
      last = report;
    });
    expect(broken).toBe(true);
    expect(last.sent).toBe(last.of);
  });

  it("is named when nobody answers", async () => {
    const host = fake.host;
    const registry = client();
    await fake.close();
    await expect(registry.digest("shop/api", "1")).rejects.toMatchObject({
      code: "registry-unreachable",
      message: `the registry ${host} does not answer (ECONNREFUSED)`,
    });
    fake = new FakeRegistry();
    await fake.listen();
  });
});

describe("credentials as docker login keeps them", () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(path.join(os.tmpdir(), "windlass-docker-config-"));
    await mkdir(path.join(home, ".docker"));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  const config = (value: unknown) =>
    writeFile(path.join(home, ".docker", "config.json"), typeof value === "string" ? value : JSON.stringify(value));

  it("are found by host, for Docker Hub under its old name, and need not be there", async () => {
    const of = dockerCredentials({ HOME: home });
    expect(await of("registry.example.com")).toBeNull();
    const auth = Buffer.from(`ada:${SECRET}:with:colons`).toString("base64");
    await config({
      auths: {
        "https://registry.example.com/v1/": { auth },
        "https://index.docker.io/v1/": { auth, identitytoken: "refresh" },
        "kept.example.com": {},
      },
    });
    expect(await of("registry.example.com")).toEqual({ ...ADA, password: `${SECRET}:with:colons` });
    expect(await of("docker.io")).toEqual({ kind: "identity", token: "refresh" });
    expect(await of("kept.example.com")).toBeNull();
    expect(await of("other.example.com")).toBeNull();
  });

  it("are asked of a helper, whose words are in no error", async () => {
    const helper = path.join(home, "docker-credential-rig");
    const script = `#!/bin/sh\nread server\ncase "$server" in\n  ok.example.com) echo '{"Username":"ada","Secret":"${SECRET}"}';;\n  none.example.com) echo "credentials not found in native keychain"; exit 1;;\n  *) echo "${SECRET}"; exit 2;;\nesac\n`;
    await writeFile(helper, script);
    await chmod(helper, 0o755);
    await config({ credsStore: "rig", credHelpers: { "gone.example.com": "not-there" } });
    const of = dockerCredentials({ HOME: home, PATH: `${home}:${process.env.PATH}` });
    expect(await of("ok.example.com")).toEqual(ADA);
    expect(await of("none.example.com")).toBeNull();
    for (const host of ["broken.example.com", "gone.example.com"]) {
      const error = await of(host).catch((each: unknown) => each);
      expect(error).toMatchObject({ code: "registry-credentials" });
      expect(`${JSON.stringify(error)}${String(error)}`).not.toContain(SECRET);
    }
  });

  it("that are damaged are said to be, without a piece of the file", async () => {
    const of = dockerCredentials({ DOCKER_CONFIG: path.join(home, ".docker") });
    await config(`{"auths": ${SECRET}`);
    const error = await of("registry.example.com").catch((each: unknown) => each);
    expect(error).toMatchObject({ code: "registry-credentials" });
    expect(JSON.stringify(error)).not.toContain(SECRET);
  });
});
