import { stat, statfs } from "node:fs/promises";
import type { Finding } from "../engine/control-plane.js";
import type { Engine } from "../engine/engine.js";
import type { Places } from "../ports/places.js";
import type { CompiledKubernetes } from "../spec/compiled-cluster.js";
import type { HostTarget } from "../targets/host/target.js";
import { settingsIn } from "./engines.js";

const LOW_DISK_BYTES = 512 * 1024 ** 2;

/** What the control plane can see of this installation's health. */
export async function examine(places: Places, target: HostTarget, engine: Engine): Promise<readonly Finding[]> {
  const findings: Finding[] = [await homeFinding(places), await diskFinding(places)];
  try {
    const facts = await target.facts();
    findings.push(ok("daemon", `runs as process ${facts.pid}, version ${facts.version}`));
    findings.push(
      facts.edge === null
        ? wrong("edge", "the edge does not answer", "the daemon starts it again; its output is in logs/edge.log")
        : ok(
            "edge",
            `runs as process ${facts.edge.pid}, table ${facts.edge.generation}${facts.edge.socketsHeld ? ", its sockets are held for it" : ""}`,
          ),
    );
    findings.push(ok("limits", `cgroups: ${facts.cgroups}`));
    const { docker } = facts;
    if (docker !== undefined)
      findings.push(
        docker.ok
          ? ok("Docker", docker.sentence)
          : wrong("Docker", docker.sentence, "containers go on as they are; start the Engine, or set DOCKER_HOST"),
      );
    for (const [name, detail] of Object.entries(facts.resources)) findings.push(ok(`resource ${name}`, detail));
  } catch (error) {
    findings.push(
      wrong(
        "daemon",
        error instanceof Error ? error.message : String(error),
        `its output is in ${places.logs}/daemon.log`,
      ),
    );
  }
  for (const driver of engine.drivers()) {
    findings.push(
      driver.targetProblem === null
        ? ok(driver.key, answering(settingsIn(driver.state)))
        : wrong(driver.key, driver.targetProblem, "what runs goes on; it is looked at again at once"),
    );
    // A target that does not answer does not count either: that was said.
    if (driver.signalProblem !== null && driver.targetProblem === null)
      findings.push(
        wrong(`counts of ${driver.key}`, driver.signalProblem, "no verdict passes or fails until they can be read"),
      );
  }
  return findings;
}

async function homeFinding(places: Places): Promise<Finding> {
  const { mode } = await stat(places.home);
  return (mode & 0o077) === 0
    ? ok("home", `${places.home} is its owner's only`)
    : wrong("home", `${places.home} can be read by others`, `chmod 700 ${places.home}`);
}

async function diskFinding(places: Places): Promise<Finding> {
  const { bavail, bsize } = await statfs(places.home);
  const free = bavail * bsize;
  const sentence = `${Math.round(free / 1024 ** 2)} MiB free`;
  return free > LOW_DISK_BYTES
    ? ok("disk", sentence)
    : wrong("disk", sentence, "make room: a full disk stops deployments, not rollbacks");
}

function answering(cluster: CompiledKubernetes | null): string {
  if (cluster === null) return "the target answers";
  return `the cluster${cluster.context === null ? "" : ` of ${cluster.context}`} answers; namespace ${cluster.namespace}`;
}

function ok(check: string, sentence: string): Finding {
  return { check, ok: true, sentence, hint: null };
}

function wrong(check: string, sentence: string, hint: string): Finding {
  return { check, ok: false, sentence, hint };
}
