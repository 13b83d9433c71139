// @ts-check
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";

/**
 * Builds one release of both services, each into a folder that needs nothing but Node.js:
 *
 *   node build.js [--release 1.1.0] [--out release]     -> release/backend, release/frontend
 *
 * `backend/` and `frontend/` are 1.0.0. A folder in `releases/` holds the files that a later release changes or adds;
 * releases build upon each other in order. The same input gives the same bytes.
 */
const here = import.meta.dirname;
const later = (await readdir(path.join(here, "releases"))).sort();
const { values } = parseArgs({ options: { release: { type: "string" }, out: { type: "string" } } });
const release = values.release ?? "1.0.0";
if (release !== "1.0.0" && !later.includes(release)) {
  process.stderr.write(`There is no release ${release}; there are 1.0.0, ${later.join(", ")}.\n`);
  process.exit(2);
}
const out = path.resolve(values.out ?? path.join(here, "release"));
const chosen = later.slice(0, later.indexOf(release) + 1).map((name) => path.join(here, "releases", name));
/** The folders that make this release, the newest first; the last one is 1.0.0. */
const layers = [...chosen.reverse(), here];

/** A file as the newest layer that has it. @type {import("esbuild").Plugin} */
const newestLayer = {
  name: "newest-layer",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path: wanted, resolveDir }) => {
      if (resolveDir.includes("node_modules")) return null;
      const file = path.resolve(resolveDir, wanted);
      const home = layers.find((folder) => file.startsWith(folder + path.sep)) ?? here;
      const newest = layers.map((folder) => path.join(folder, path.relative(home, file))).find(existsSync);
      return newest === undefined ? null : { path: newest };
    });
  },
};

for (const service of ["backend", "frontend"]) await bundle(service);
process.stdout.write(`connect ${release} is in ${path.relative(process.cwd(), out) || "."}\n`);

/** @param {string} service */
async function bundle(service) {
  const folder = path.join(out, service);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await build({
    entryPoints: [path.join(here, service, "server.js")],
    outfile: path.join(folder, "server.js"),
    absWorkingDir: here,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    // The optional native driver of pg is not used.
    external: ["pg-native"],
    // CommonJS libraries ask for Node's own modules with require.
    banner: { js: 'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);' },
    legalComments: "none",
    logLevel: "warning",
    plugins: [newestLayer],
  });
  for (const layer of [...layers].reverse())
    for (const part of ["migrations", "public"]) {
      const from = path.join(layer, service, part);
      if (existsSync(from)) await cp(from, path.join(folder, part), { recursive: true });
    }
  const about = { name: `connect-${service}`, version: release, type: "module" };
  await writeFile(path.join(folder, "package.json"), `${JSON.stringify(about)}\n`);
}
