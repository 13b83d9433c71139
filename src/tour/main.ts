import { rmSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { createClient } from "../api/client.js";
import { placesOf, thisMachine } from "../cli/home.js";
import type { ControlPlane } from "../engine/control-plane.js";
import { freePort } from "../load/free-port.js";
import type { Load } from "../load/load.js";
import { instanceOf } from "../targets/host/daemon/parts.js";
import { SHARED_DATA } from "../targets/host/resources/unprivileged.js";
import { windlass } from "./command.js";
import { rows, type Told } from "./measured.js";
import { Story } from "./story.js";
import { renderTable } from "./table.js";
import { startClients } from "./traffic.js";
import { Workspace } from "./workspace.js";

const ENVIRONMENT = "customer-service/tour";

async function tour(story: Story, workspace: Workspace, control: ControlPlane): Promise<Told> {
  const run = (...words: string[]) => windlass(story, workspace, words);

  story.chapter(
    "The first deployment",
    "Nothing runs before it, so it goes straight to 100 %, once its replicas and their database are ready.",
  );
  await workspace.build("1.0.0");
  workspace.writeSpec("rolling");
  const first = await run("deploy", "tour", "--version", "1.0.0");
  if (first.code !== 0) throw new Error("the first deployment failed");
  const view = await control.environment(ENVIRONMENT);
  const url = view.services[0]?.url ?? `http://127.0.0.1:${workspace.port}`;
  story.note(
    `The database: ${Object.values(view.resources)
      .map((resource) => resource.detail)
      .join(", ")}.`,
  );

  story.chapter("Clients arrive", `100 requests/s, a fifth of them writing, from here to the end: ${url}`);
  const load: Load = await startClients(url);
  try {
    story.chapter(
      "A rolling deployment",
      "1.1.0 is a better release. One replica more at a time, none fewer than three.",
    );
    await workspace.build("1.1.0");
    const rolling = await run("deploy", "tour", "--version", "1.1.0");

    story.chapter(
      "A canary, and the control plane killed in the middle",
      "1.1.1 puts exact names first: 20 %, 50 %, 100 % of the requests, for some seconds each. At 50 % the process that decides gets kill -9.",
    );
    await workspace.build("1.1.1");
    workspace.writeSpec("canary");
    const canary = run("deploy", "tour", "--version", "1.1.1");
    const controlPlaneBackMs = await killAtStage(story, control, 2);
    const passed = await canary;

    story.chapter(
      "A harmful release",
      "1.2.0 has a bug: customers without a phone number cannot be read. The canary meets them first.\nNobody set a threshold: it is compared with what runs, every second.",
    );
    await workspace.build("1.2.0");
    const harmful = await run("deploy", "tour", "--version", "1.2.0");
    const why = await run("why", "tour");
    const report = await load.stop();
    const after = await control.environment(ENVIRONMENT);
    return {
      first,
      rolling,
      canary: passed,
      harmful,
      why,
      controlPlaneBackMs,
      report,
      verdictAt: await verdictTime(control),
      runs: after.current?.label ?? null,
    };
  } finally {
    await load.stop(0);
  }
}

/** Waits until the canary is at a stage, kills the control plane, and says how long nobody decided. */
async function killAtStage(story: Story, control: ControlPlane, stage: number): Promise<number> {
  const end = performance.now() + 60_000;
  while (performance.now() < end) {
    const view = await control.environment(ENVIRONMENT);
    const service = view.services[0];
    if (service?.stage?.number === stage && service.stage.observingSince !== null) break;
    await pause(100);
  }
  const { pid } = await control.about();
  process.kill(pid, "SIGKILL");
  const killed = performance.now();
  story.line(`  ! kill -9 ${pid} (the control plane)`);
  while (performance.now() < killed + 30_000) {
    try {
      const about = await control.about();
      if (about.pid !== pid) {
        const ms = Math.round(performance.now() - killed);
        story.line(`  ! it is back as process ${about.pid} after ${ms} ms`);
        return ms;
      }
    } catch {
      // Nobody answers while it is dead: that is what is waited for.
    }
    await pause(25);
  }
  throw new Error("the control plane did not come back");
}

/** Wall time of the decision to go back. */
async function verdictTime(control: ControlPlane): Promise<number | null> {
  const events = await control.history(ENVIRONMENT, 0, 10_000);
  const turned = events.findLast((event) => event.type === "deployment.turned@1");
  return turned === undefined ? null : Date.parse(turned.wall);
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { keep: { type: "boolean", default: false } } });
  const story = new Story(process.stdout, process.stdout.isTTY && process.env.NO_COLOR === undefined);
  const workspace = new Workspace(await freePort());
  const control = createClient(placesOf(workspace.home, thisMachine()).controlSocket);
  story.line("Windlass: a real service, deployed four times under load. Nothing here is simulated.");
  let ok = false;
  try {
    const told = await tour(story, workspace, control);
    const table = rows(told);
    ok = table.every((row) => row.ok);
    story.chapter("What was measured", "By the clients that ran all the while, and by the ledger.");
    story.line(renderTable(table));
    story.line("");
    for (const line of told.why.output.trim().split("\n")) story.note(line);
    for (const [reason, count] of Object.entries(told.report.reasons)) story.note(`failed: ${count} × ${reason}`);
  } finally {
    if (values.keep) keep(story, workspace);
    else await cleanUp(story, workspace);
  }
  return ok ? 0 : 1;
}

function keep(story: Story, workspace: Workspace): void {
  story.chapter("It goes on running", "Try:");
  for (const line of [
    `export WINDLASS_HOME=${workspace.home}`,
    `cd ${workspace.directory}`,
    `windlass() { node ${process.cwd()}/bin/windlass.js "$@"; }`,
    "windlass status tour",
    "windlass history tour",
    "windlass logs tour --lines 5",
    "windlass rollback tour",
    "windlass ledger verify",
    "windlass down tour --all      # ends everything",
  ])
    story.line(`  ${line}`);
}

async function cleanUp(story: Story, workspace: Workspace): Promise<void> {
  await windlass(story, workspace, ["down", "tour", "--all", "--yes"], { quiet: true, deadlineMs: 60_000 });
  // The database's own place, when root runs this: its server may not enter a home.
  for (const place of [workspace.root, path.join(SHARED_DATA, instanceOf(workspace.home))])
    rmSync(place, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`The tour stopped: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
