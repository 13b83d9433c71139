import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { copyWritable } from "./copy-writable.js";
import { cacheFolder, MODULES, moduleFolder, type Program, programPath, RIG, type RigModule } from "./modules.js";
import { withoutDnsProviders } from "./traefik-source.js";

const run = promisify(execFile);

/** What stands in the way of the rig, in a sentence for a person. */
export class RigMissing extends Error {}

/**
 * Builds what the cache does not hold, one program after the other, at low priority. Cold, on two cores, that takes
 * 15 to 20 minutes; afterwards nothing. `say` gets a line for each program.
 */
export async function buildRig(say: (line: string) => void, only = MODULES): Promise<void> {
  const missing = only.filter((module) => !isBuilt(module));
  if (missing.length === 0) return;
  say(`building with ${await goVersion()} into ${cacheFolder()}; a cold build takes 15 to 20 minutes`);
  for (const module of missing) await buildModule(module, say);
}

export function isBuilt(module: RigModule): boolean {
  return (
    module.packages.every((name) => existsSync(programPath(path.basename(name) as Program))) &&
    (module.files ?? []).every((files) => existsSync(path.join(moduleFolder(module), files.as)))
  );
}

/** Throws when a program has not been built: a story does not build for a quarter of an hour. */
export function requireBuilt(program: Program): string {
  const file = programPath(program);
  if (!existsSync(file)) {
    throw new RigMissing(`${program} has not been built yet. npm run conformance:kubernetes builds what is missing.`);
  }
  return file;
}

async function goVersion(): Promise<string> {
  try {
    return (await run("go", ["env", "GOVERSION"], { env: goEnvironment() })).stdout.trim();
  } catch (cause) {
    throw new RigMissing("Go is not installed: the Kubernetes rig is built with it (go 1.26 or newer, on the PATH).", {
      cause,
    });
  }
}

async function buildModule(module: RigModule, say: (line: string) => void): Promise<void> {
  const home = moduleFolder(module);
  await mkdir(path.join(home, "bin"), { recursive: true });
  const source = module.name === "traefik" ? path.join(home, "source") : path.join(RIG, module.name);
  if (module.name === "traefik") await withoutDnsProviders(source, go);
  for (const files of module.files ?? []) {
    await go(source, ["mod", "download", files.module]);
    const folder = (await go(source, ["list", "-m", "-f", "{{.Dir}}", files.module])).trim();
    await copyWritable(path.join(folder, files.folder), path.join(home, files.as));
  }
  for (const name of module.packages) {
    const program = path.basename(name) as Program;
    if (existsSync(programPath(program))) continue;
    const began = performance.now();
    say(`  ${program} ...`);
    // Under another name until it is whole: a build that is cut short leaves nothing that looks finished.
    const unfinished = `${programPath(program)}.${process.pid}`;
    await build(source, module, name, unfinished).catch(async (cause: unknown) => {
      await rm(unfinished, { force: true });
      throw cause;
    });
    await rename(unfinished, programPath(program));
    say(`  ${program} in ${Math.round((performance.now() - began) / 1000)} s`);
  }
  if (module.name === "traefik") await rm(source, { recursive: true, force: true });
}

async function build(source: string, module: RigModule, name: string, to: string): Promise<void> {
  const argv = ["go", "build", "-trimpath", "-ldflags", `-s -w ${module.link}`.trim(), "-o", to, name];
  const env = goEnvironment();
  const child = spawn("nice", argv, {
    cwd: source,
    env: module.static === true ? { ...env, CGO_ENABLED: "0" } : env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let told = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    told = (told + text).slice(-4000);
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new RigMissing(`${name} could not be built (go build ended with ${code}):\n${told}`);
}

/** Runs Go in a folder and gives what it said. */
async function go(folder: string, argv: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run("go", argv, { cwd: folder, env: goEnvironment(), maxBuffer: 16 * 1024 * 1024 });
    return stdout;
  } catch (cause) {
    throw new RigMissing(`go ${argv.slice(0, 3).join(" ")} failed: ${(cause as Error).message}`, { cause });
  }
}

/** Whatever the shell or a workspace asks of Go, the rig is built the same way everywhere. */
function goEnvironment(): NodeJS.ProcessEnv {
  const { GOOS: _os, GOARCH: _arch, GOEXPERIMENT: _experiment, ...env } = process.env;
  return { ...env, GOFLAGS: "-mod=readonly -buildvcs=false", GOWORK: "off", HOME: env.HOME ?? cacheFolder() };
}
