import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { oneCertificate, oneKey, twoCertificate } from "../../../../../test/edge/certificates.js";
import { FakeApi, send } from "../../../../../test/kubernetes/fake-api.js";
import { openKubernetes } from "../client.js";
import { type AccessChoice, findAccess } from "./access.js";
import type { Surroundings } from "./surroundings.js";

/** A machine of files in memory and a clock that is set. */
class Machine implements Surroundings {
  readonly home = "/home/ada";
  readonly files = new Map<string, string>();
  env: Record<string, string> = {};
  time = 1_000_000;
  readonly clock = { now: () => this.time, wall: () => this.time };
  reads = 0;

  async readText(file: string): Promise<string | null> {
    this.reads++;
    return this.files.get(file) ?? null;
  }

  access(choice: Partial<AccessChoice> = {}) {
    return findAccess(this, { kubeconfig: null, context: null, ...choice }, this.clock);
  }

  /** One context `main`; `cluster` and `user` are YAML in braces. */
  kubeconfig(cluster: string, user: string): void {
    this.files.set(
      "/home/ada/.kube/config",
      `{current-context: main, contexts: [{name: main, context: {cluster: c, user: u}}],
        clusters: [{name: c, cluster: ${cluster}}], users: [{name: u, user: ${user}}]}`,
    );
  }
}

describe("a kubeconfig", () => {
  const CLUSTER = "{server: 'https://one.test:6443/prefix/'}";

  it("is merged from several files: the first one to name something wins, paths start at their own file", async () => {
    const machine = new Machine();
    machine.env.KUBECONFIG = "/a/one:/absent:/b/two";
    machine.files.set(
      "/a/one",
      `contexts: [{name: shop, context: {cluster: east, user: ada, namespace: sales}}]
clusters: null
users: [{name: ada, user: {token: first}}]`,
    );
    machine.files.set(
      "/b/two",
      `current-context: shop
clusters: [{name: east, cluster: {server: https://east.test, certificate-authority: ca.crt}}]
users: [{name: ada, user: {token: second}}]`,
    );
    machine.files.set("/b/ca.crt", "the roots");
    const access = await machine.access();
    expect(access).toMatchObject({ server: "https://east.test", namespace: "sales", tls: { ca: "the roots" } });
    expect(await access.credentials.current()).toEqual({ authorization: "Bearer first", certificate: null });
  });

  it("keeps a server's path, and takes data before files", async () => {
    const machine = new Machine();
    const data = Buffer.from("from data").toString("base64");
    machine.kubeconfig(
      `{server: 'https://one.test:6443/prefix/', certificate-authority: gone, certificate-authority-data: ${data}}`,
      "{username: ada, password: pw}",
    );
    const access = await machine.access();
    expect(access).toMatchObject({ server: "https://one.test:6443/prefix", tls: { ca: "from data" } });
    const basic = Buffer.from("ada:pw").toString("base64");
    expect((await access.credentials.current()).authorization).toBe(`Basic ${basic}`);
  });

  it.each([
    ["a proxy", "{server: https://one.test, proxy-url: http://p}", "{token: t}", "proxy-url"],
    ["no server", "{}", "{token: t}", "no server URL"],
    ["a removed kind of user", CLUSTER, "{auth-provider: {name: gcp}}", "auth-provider gcp"],
    ["another user's name", CLUSTER, "{token: t, as: root}", "acting for another user"],
    ["half a certificate", CLUSTER, "{client-certificate-data: eA==}", "certificate without key"],
    ["an old plugin", CLUSTER, "{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}}", "v1alpha1"],
    [
      "a plugin that asks a person",
      CLUSTER,
      "{exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}}",
      "needs a terminal",
    ],
    [
      "two opinions about trust",
      "{server: https://one.test, certificate-authority-data: eA==, insecure-skip-tls-verify: true}",
      "{}",
      "insecure-skip-tls-verify",
    ],
  ])("with %s is refused clearly", async (_, cluster, user, words) => {
    const machine = new Machine();
    machine.kubeconfig(cluster, user);
    await expect(machine.access()).rejects.toMatchObject({
      code: "kubernetes-config",
      message: expect.stringContaining(words),
    });
  });

  it("that is broken is told by place, never by content", async () => {
    const machine = new Machine();
    machine.files.set("/home/ada/.kube/config", "users:\n- name: u\n  user: {token: [hunter2]}\n");
    const schema = await machine.access().catch((error: unknown) => error);
    expect(schema).toMatchObject({ message: expect.stringContaining("users.0.user.token") });
    machine.files.set("/home/ada/.kube/config", "users:\n  token: 'hunter2\n");
    const syntax = await machine.access().catch((error: unknown) => error);
    expect(syntax).toMatchObject({ code: "kubernetes-config", message: expect.stringContaining("not YAML") });
    expect(JSON.stringify([schema, syntax])).not.toContain("hunter2");
  });

  it("names its contexts when another one is asked for", async () => {
    const machine = new Machine();
    machine.kubeconfig(CLUSTER, "{token: t}");
    await expect(machine.access({ context: "prod" })).rejects.toMatchObject({ hint: expect.stringContaining("main") });
    await expect(machine.access({ kubeconfig: "/gone" })).rejects.toMatchObject({
      message: expect.stringContaining("/gone"),
    });
  });

  it("with a token in a file follows the file", async () => {
    const machine = new Machine();
    machine.kubeconfig(CLUSTER, "{tokenFile: token}");
    machine.files.set("/home/ada/.kube/token", "one\n");
    const { credentials } = await machine.access();
    const first = await credentials.current();
    expect(first.authorization).toBe("Bearer one");
    machine.files.set("/home/ada/.kube/token", "two\n");
    expect(await credentials.current()).toBe(first);
    expect((await credentials.instead(first))?.authorization).toBe("Bearer two");
    const second = await credentials.current();
    expect(await credentials.instead(second)).toBeNull();
    machine.files.set("/home/ada/.kube/token", "three\n");
    machine.time += 10_000;
    expect((await credentials.current()).authorization).toBe("Bearer three");
  });
});

describe("a pod's own service account", () => {
  const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

  it("is used where there is no kubeconfig, and its token is read again", async () => {
    const machine = new Machine();
    machine.env = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };
    machine.files
      .set(`${ACCOUNT}/ca.crt`, "roots")
      .set(`${ACCOUNT}/token`, "t1\n")
      .set(`${ACCOUNT}/namespace`, "windlass");
    const access = await machine.access();
    expect(access).toMatchObject({ server: "https://[fd00::1]:443", namespace: "windlass", tls: { ca: "roots" } });
    expect((await access.credentials.current()).authorization).toBe("Bearer t1");
    machine.files.set(`${ACCOUNT}/token`, "t2\n");
    machine.time += 10_000;
    expect((await access.credentials.current()).authorization).toBe("Bearer t2");
  });

  it("does not stand in for a kubeconfig that was named", async () => {
    const machine = new Machine();
    machine.env = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };
    machine.files.set(`${ACCOUNT}/ca.crt`, "roots");
    await expect(machine.access({ kubeconfig: "/gone" })).rejects.toMatchObject({ code: "kubernetes-config" });
  });
});

describe("a credential plugin", () => {
  let directory: string;
  const machine = new Machine();

  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), "windlass-plugin-"));
    machine.env = { PATH: process.env.PATH ?? "" };
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** The plugin is a script of Node's; `more` joins the kubeconfig's exec part. */
  async function plugin(script: string, more = "") {
    const file = path.join(directory, "plugin.mjs");
    await writeFile(file, `#!${process.execPath}\n${script}`);
    await chmod(file, 0o755);
    machine.kubeconfig(
      "{server: 'https://one.test', certificate-authority-data: eA==}",
      `{exec: {apiVersion: client.authentication.k8s.io/v1, command: ${file}, interactiveMode: IfAvailable, ${more}}}`,
    );
    return (await machine.access()).credentials;
  }
  const printing = (status: string) =>
    `console.log(JSON.stringify({apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: ${status}}))`;

  it("is told about the cluster, and given its arguments as they are", async () => {
    const credentials = await plugin(
      `const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
       const token = [process.argv[2], process.env.REGION, info.spec.interactive, info.spec.cluster.server].join(" ");
       ${printing("{token}")}`,
      "args: ['$(touch x); ls'], env: [{name: REGION, value: eu}], provideClusterInfo: true",
    );
    expect((await credentials.current()).authorization).toBe("Bearer $(touch x); ls eu false https://one.test");
  });

  it("is run once for all who wait, and again shortly before its credential expires", async () => {
    const end = "new Date(1_000_000 + 3_600_000).toISOString()";
    const credentials = await plugin(printing(`{token: String(process.pid), expirationTimestamp: ${end}}`));
    const [first, other] = await Promise.all([credentials.current(), credentials.current()]);
    expect(first).toBe(other);
    machine.time = 1_000_000 + 3_600_000 - 61_000;
    expect(await credentials.current()).toBe(first);
    machine.time += 1_000;
    // The script prints the same end, which is now too near: a tenth of what is left.
    const second = await credentials.current();
    expect(second.authorization).not.toBe(first.authorization);
    machine.time = 1_000_000 + 3_600_001;
    await expect(credentials.current()).rejects.toMatchObject({ message: expect.stringContaining("has expired") });
    machine.time = 1_000_000;
  });

  it("is not run again and again for a server that refuses what it prints", async () => {
    const credentials = await plugin(printing("{token: String(process.pid)}"));
    const first = await credentials.current();
    expect(await credentials.instead(first)).toBeNull();
    machine.time += 10_000;
    expect(await credentials.instead(first)).not.toBeNull();
  });

  it.each([
    ["prints something else", 'console.log("hunter2hunter2hunter2hunter2hunter2")', "no ExecCredential"],
    ["prints nothing to sign in with", printing("{}"), "neither a token nor a certificate"],
    ["prints half a certificate", printing('{clientCertificateData: "hunter2"}'), "certificate without key"],
    [
      "fails",
      'console.error("sign in first: hunter2hunter2hunter2hunter2hunter2"); process.exit(3)',
      "ended with 3: sign in first",
    ],
    ["floods", 'process.stdout.write("hunter2".repeat(400_000))', "printed more than"],
  ])("that %s is told without what it printed", async (_, script, words) => {
    const credentials = await plugin(script, "installHint: get it from the shop");
    const error = await credentials.current().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "kubernetes-unauthorized",
      message: expect.stringContaining(words),
      hint: "get it from the shop",
    });
    expect(JSON.stringify(error)).not.toContain("hunter2");
  });

  it("that is not there is told with how to install it", async () => {
    machine.kubeconfig(
      "{server: 'https://one.test'}",
      "{exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin, installHint: get it}}",
    );
    const { credentials } = await machine.access();
    await expect(credentials.current()).rejects.toMatchObject({
      message: "credential plugin no-such-plugin is not installed",
      hint: "get it",
    });
  });
});

describe("TLS", () => {
  let api: FakeApi;
  const machine = new Machine();
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const user = `{client-certificate-data: ${base64(oneCertificate)}, client-key-data: ${base64(oneKey)}}`;

  beforeEach(async () => {
    api = await FakeApi.start({
      cert: oneCertificate,
      key: oneKey,
      ca: oneCertificate,
      requestCert: true,
      rejectUnauthorized: false,
    });
    api.interrupt = (_request, response) => {
      send(response, 200, { gitVersion: "v1.34.4" });
      return true;
    };
  });
  afterEach(() => api.stop());

  async function version(cluster: string, who: string): Promise<string> {
    machine.kubeconfig(`{server: 'https://127.0.0.1:${api.port}', ${cluster}}`, who);
    const client = openKubernetes(await machine.access(), { clock: machine.clock, random: () => 0, userAgent: "test" });
    try {
      return await client.version();
    } finally {
      await client.close();
    }
  }

  it("shows a client certificate, and takes the name that the kubeconfig gives", async () => {
    const trusted = `certificate-authority-data: ${base64(oneCertificate)}, tls-server-name: one.test`;
    expect(await version(trusted, user)).toBe("v1.34.4");
    expect(api.peers).toEqual(["one.test"]);
  });

  it.each([
    ["another authority", `certificate-authority-data: ${base64(twoCertificate)}`, "certificate-authority"],
    ["another name", `certificate-authority-data: ${base64(oneCertificate)}`, "tls-server-name"],
  ])("refuses a server of %s at once, and says what to look at", async (_, cluster, hint) => {
    await expect(version(cluster, user)).rejects.toMatchObject({
      code: "kubernetes-unreachable",
      hint: expect.stringContaining(hint),
    });
    expect(api.requests).toEqual([]);
  });

  it("trusts anybody only where the kubeconfig says so", async () => {
    expect(await version("insecure-skip-tls-verify: true", "{token: t}")).toBe("v1.34.4");
    expect(api.authorizations).toEqual(["Bearer t"]);
  });
});
