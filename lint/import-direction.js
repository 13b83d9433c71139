import path from "node:path";

/** The rooms from top to bottom; a room imports itself, `error`, and rooms above it. See docs/decisions/0001. */
const ROOMS = [
  "error",
  "version",
  "spec",
  "core",
  "plan",
  "render",
  "proof",
  "ports",
  "archive",
  "docker",
  "images",
  "ledger",
  "series",
  "artefacts",
  "targets",
  "data",
  "config",
  "fleet",
  "observe",
  "report",
  "engine",
  "simulate",
  "api",
  "cli",
  "serve",
  "load",
  "tour",
  "index",
];
const ADAPTERS = new Set(["ledger", "series", "artefacts", "targets", "data", "config", "fleet", "observe"]);
const PURE = new Set(["spec", "core", "plan", "render"]);
/** Inside a room, the folders that may not know each other or only one way. */
const CORE = ["model", "progression", "analysis", "rollout", "deployment"];

function roomOf(file, root) {
  const relative = path.relative(path.join(root, "src"), file);
  if (relative.startsWith("..")) return null;
  const parts = relative.split(path.sep);
  return { room: parts[0].replace(/\.(ts|js)$/, ""), inner: parts[1] };
}

export const importDirection = {
  meta: { type: "problem", schema: [], messages: { direction: "{{why}}" } },
  create(context) {
    const from = roomOf(context.filename, context.cwd);
    if (from === null || context.filename.endsWith(".test.ts")) return {};
    const check = (node) => {
      const source = node.source?.value;
      if (typeof source !== "string") return;
      const report = (why) => context.report({ node, messageId: "direction", data: { why } });
      if (!source.startsWith(".")) {
        if (PURE.has(from.room) && source.startsWith("node:")) report(`${from.room}/ is pure: no ${source}`);
        return;
      }
      const to = roomOf(path.resolve(path.dirname(context.filename), source), context.cwd);
      if (to === null) return report("src/ imports nothing from outside src/");
      if (to.room === from.room) {
        if (from.room === "targets" && to.inner !== from.inner && to.inner !== undefined)
          report(`adapters never import each other: targets/${from.inner} -> targets/${to.inner}`);
        if (from.room === "core" && CORE.indexOf(to.inner) > CORE.indexOf(from.inner))
          report(`core/${from.inner} may not import core/${to.inner}`);
        return;
      }
      if (!ROOMS.includes(from.room) || !ROOMS.includes(to.room))
        return report(
          `unknown room: add ${ROOMS.includes(from.room) ? to.room : from.room}/ to lint/import-direction.js`,
        );
      if (ADAPTERS.has(from.room) && ADAPTERS.has(to.room))
        return report(`adapters never import each other: ${from.room} -> ${to.room}`);
      if ((from.room === "engine" || from.room === "api" || from.room === "cli") && ADAPTERS.has(to.room))
        return report(`${from.room}/ knows ports, not adapters; serve.ts wires ${to.room}`);
      if (ROOMS.indexOf(to.room) > ROOMS.indexOf(from.room)) report(`${from.room} stands above ${to.room}`);
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};
