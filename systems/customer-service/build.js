// @ts-check
import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";

/**
 * Builds one release of the service's code into a folder that needs nothing but Node.js:
 *
 *   node build.js [--release 1.1.0] [--out release]
 *
 * `service/` is 1.0.0. A folder in `releases/` holds the files that a later release changes or adds; releases build
 * upon each other in order. The same input gives the same bytes.
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
const service = path.join(here, "service");
/** The folders that make this release, the newest first. */
const layers = [
  service,
  ...later.slice(0, later.indexOf(release) + 1).map((name) => path.join(here, "releases", name)),
];
layers.reverse();

/** A file of `service/` as the newest layer has it. @type {import("esbuild").Plugin} */
const overlay = {
  name: "releases",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^\.\.?\// }, async (wanted) => {
      const file = path.resolve(wanted.resolveDir, wanted.path);
      const layer = layers.find((folder) => file.startsWith(folder + path.sep));
      if (wanted.pluginData === "resolved" || layer === undefined) return null;
      for (const folder of layers) {
        const found = await resolve(`./${path.relative(layer, file)}`, {
          kind: wanted.kind,
          resolveDir: folder,
          pluginData: "resolved",
        });
        if (found.errors.length === 0) return { path: found.path };
      }
      return null;
    });
  },
};

await rm(out, { recursive: true, force: true });
await mkdir(path.join(out, "migrations"), { recursive: true });
await build({
  entryPoints: [path.join(service, "server.js")],
  outfile: path.join(out, "server.js"),
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
  plugins: [overlay],
});
for (const layer of [...layers].reverse()) {
  const migrations = path.join(layer, "migrations");
  if ((await readdir(layer)).includes("migrations"))
    await cp(migrations, path.join(out, "migrations"), { recursive: true });
}
await writeFile(
  path.join(out, "package.json"),
  `${JSON.stringify({ name: "customer-service", version: release, type: "module" })}\n`,
);
process.stdout.write(`customer-service ${release} is in ${path.relative(process.cwd(), out) || "."}\n`);
