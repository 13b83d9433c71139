import { createRequire } from "node:module";
import type * as Babel from "@babel/parser";
import type { Expression, File, Node, ObjectExpression } from "@babel/types";
import type { Path } from "../../spec/problem.js";
import { type Locate, type Position, START } from "./position.js";

/**
 * Finds the fields of the exported system in the source of a TypeScript spec. It reads, it does not run: literals,
 * calls of the spec's functions, constants of the file and spreads are followed; what is computed in another
 * way is shown at the nearest field around it.
 */
export function typescriptPositions(text: string): Locate {
  let locate: Locate | null = null;
  return (path) => {
    locate ??= positionsIn(text);
    return locate(path);
  };
}

function positionsIn(text: string): Locate {
  // Only a problem needs positions, so the parser is loaded only then; `require` because a caller cannot wait.
  const { parse } = createRequire(import.meta.url)("@babel/parser") as typeof Babel;
  let file: File;
  try {
    file = parse(text, { sourceType: "module", plugins: ["typescript"], errorRecovery: true }) as unknown as File;
  } catch (cause) {
    // The file has been run, so this is a limit of the parser: positions are a courtesy, the problem itself is not.
    if (cause instanceof SyntaxError) return () => START;
    throw cause;
  }
  const constants = constantsOf(file);
  const exported = exportedSystem(file, constants);
  return (path) => walk(exported, path, constants);
}

type Constants = ReadonlyMap<string, Node>;

function constantsOf(file: File): Constants {
  const constants = new Map<string, Node>();
  for (const statement of file.program.body) {
    const declaration = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (declaration?.type !== "VariableDeclaration") continue;
    for (const { id, init } of declaration.declarations)
      if (id.type === "Identifier" && init != null) constants.set(id.name, init);
  }
  return constants;
}

function exportedSystem(file: File, constants: Constants): Node | undefined {
  for (const statement of file.program.body)
    if (statement.type === "ExportDefaultDeclaration") return statement.declaration;
  return constants.get("system");
}

function walk(root: Node | undefined, path: Path, constants: Constants): Position {
  let node = meaning(root, constants);
  let position = startOf(node) ?? START;
  for (const part of path) {
    const step = node === undefined ? undefined : member(node, part, constants);
    if (step === undefined) break;
    position = startOf(step.at) ?? position;
    node = meaning(step.value, constants);
  }
  return position;
}

interface Step {
  readonly at: Node;
  readonly value: Node | undefined;
}

function member(node: Node, part: string | number, constants: Constants, depth = 0): Step | undefined {
  if (node.type === "ArrayExpression") {
    const item = node.elements[Number(part)];
    const isShifted = node.elements.slice(0, Number(part) + 1).some((one) => one?.type === "SpreadElement");
    return item == null || isShifted ? undefined : { at: item, value: item };
  }
  if (node.type !== "ObjectExpression" || depth > 20) return undefined;
  // The last one wins, as when it runs.
  for (const property of [...node.properties].reverse()) {
    if (property.type === "SpreadElement") {
      const spread = meaning(property.argument, constants);
      const found = spread === undefined ? undefined : member(spread, part, constants, depth + 1);
      if (found !== undefined) return found;
    } else if (keyOf(property) === String(part))
      return { at: property, value: property.type === "ObjectProperty" ? property.value : property };
  }
  return undefined;
}

function keyOf(property: Exclude<ObjectExpression["properties"][number], { type: "SpreadElement" }>): string | null {
  const { key } = property;
  if (!property.computed && key.type === "Identifier") return key.name;
  return key.type === "StringLiteral" || key.type === "NumericLiteral" ? String(key.value) : null;
}

/** The object or list behind a call, a constant, a cast: what `defineSystem(x as const)` is about. */
function meaning(node: Node | undefined, constants: Constants, depth = 0): Node | undefined {
  if (node === undefined || depth > 20) return node;
  const on = (next: Node | undefined) => meaning(next, constants, depth + 1);
  switch (node.type) {
    case "CallExpression":
      return node.arguments[0] === undefined ? node : on(node.arguments[0]);
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "TSNonNullExpression":
    case "ParenthesizedExpression":
    case "AwaitExpression":
      return on(node.type === "AwaitExpression" ? node.argument : (node.expression as Expression));
    case "Identifier":
      return constants.has(node.name) ? on(constants.get(node.name)) : node;
    case "MemberExpression": {
      const owner = on(node.object);
      const name = node.property.type === "Identifier" && !node.computed ? node.property.name : null;
      const step = owner === undefined || name === null ? undefined : member(owner, name, constants);
      return step === undefined ? node : on(step.value);
    }
    default:
      return node;
  }
}

function startOf(node: Node | undefined): Position | undefined {
  return node?.loc == null ? undefined : { line: node.loc.start.line, column: node.loc.start.column + 1 };
}
