import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import type { EnvironmentView } from "../../src/engine/view.js";
import { UnixHttp } from "../../src/targets/host/daemon/unix-http.js";
import type { EdgeStatus } from "../../src/targets/host/edge/protocol.js";
import { eventually } from "./lab/eventually.js";
import { Installation, PACKAGE } from "./lab/installation.js";
import { customers, QUICK_CANARY, web, writeShop } from "./lab/shop.js";

const lab = new Installation();
afterAll(async () => expect(await lab.end()).toEqual([]));

/** This Windlass as another package with another version. */
function packageOf(version: string): string {
  const root = path.join(lab.root, `windlass-${version}`);
  mkdirSync(root);
  for (const name of ["dist", "bin"]) cpSync(path.join(PACKAGE, name), path.join(root, name), { recursive: true });
  symlinkSync(path.join(PACKAGE, "node_modules"), path.join(root, "node_modules"));
  const manifest = JSON.parse(readFileSync(path.join(PACKAGE, "package.json"), "utf8")) as Record<string, unknown>;
  writeFileSync(path.join(root, "package.json"), JSON.stringify({ ...manifest, version }));
  return root;
}

async function edge(): Promise<EdgeStatus | null> {
  const http = new UnixHttp(lab.places.edgeSocket, "edge");
  try {
    return await http.json<EdgeStatus>({ method: "GET", path: "/status", deadlineMs: 5_000 });
  } finally {
    http.close();
  }
}

const replicasOf = (view: EnvironmentView) =>
  view.services.flatMap(({ groups }) => groups.flatMap(({ replicas }) => replicas.map(({ pid }) => pid)));

test("Windlass replaces itself by a newer version under load, in the middle of a canary, without a failed request", async () => {
  const services = { web: web({ strategy: QUICK_CANARY }) };
  writeShop(lab, { release: "1.0.0" }, services);
  expect(await lab.cli("deploy", "lab", "--version", "1.0.0")).toMatchObject({ code: 0 });
  const before = await lab.view("shop/lab");
  const pids = await lab.pids();
  const load = customers(before.services[0]?.url ?? "");
  try {
    const long = { ...QUICK_CANARY, stages: [{ share: 50, time: { min: "10m", max: "20m" } }] };
    writeShop(lab, { release: "1.1.0" }, { web: web({ strategy: long }) });
    expect(await lab.cli("deploy", "lab", "--version", "1.1.0", "--detach")).toMatchObject({ code: 0 });
    await lab.untilEvent("shop/lab", before.version, ({ type }) => type === "stage.observing@1");
    const replicas = replicasOf(await lab.view("shop/lab"));

    const newer = packageOf("99.0.0");
    const status = await lab.beginWith(newer, ["status", "lab"]).done;
    expect(status.code, status.output).toBe(0);
    expect(status.output).toContain("Restarting the control plane");
    expect((await lab.control.about()).version).toBe("99.0.0");
    const now = await eventually(
      "daemon and edge are the new version, too",
      async () => {
        const found = await lab.pids();
        const facts = await lab.facts();
        return facts.version === "99.0.0" && (await edge())?.version === "99.0.0" && found;
      },
      () => lab.log("daemon"),
    );
    for (const name of ["control plane", "daemon", "edge"] as const) expect(now[name]).not.toBe(pids[name]);

    // What was going on goes on, with the same replicas, and new requests are answered by the new edge.
    expect(await lab.beginWith(newer, ["advance", "lab", "--full"]).done).toMatchObject({ code: 0 });
    const sent = load.snapshot().good;
    await eventually("the new edge answers", () => load.snapshot().good > sent + 50);
    const after = await lab.until("shop/lab", "the canary is done", (view) => view.deployment?.outcome === "succeeded");
    expect(replicas).toEqual(expect.arrayContaining(replicasOf(before)));
    expect(replicasOf(after)).toEqual(
      expect.arrayContaining(replicas.filter((pid) => !replicasOf(before).includes(pid))),
    );
  } finally {
    expect(await load.stop()).toMatchObject({ failed: 0, shed: 0, reasons: {} });
  }
  const refused = await lab.cli("version");
  expect(refused.output).toContain("99.0.0");
});
