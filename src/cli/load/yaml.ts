import { type Document, isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { type Path, type Problem, problem } from "../../spec/problem.js";
import type { Locate, Position } from "./position.js";

export interface Source {
  readonly authored: unknown;
  readonly locate: Locate;
  /** What kept it from being read; then `authored` means nothing. */
  readonly problems: readonly (Problem & Position)[];
}

/** A spec in YAML 1.2, with the position of every field. Aliases and merge keys work; duplicate keys are refused. */
export function readYaml(text: string): Source {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, merge: true });
  const at = (offset: number): Position => {
    const { line, col } = counter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problems = document.errors.map((error) => {
    const isDuplicate = error.code === "DUPLICATE_KEY";
    const message = isDuplicate ? "this key is here twice" : (error.message.split("\n")[0] ?? "not YAML");
    return { ...problem(isDuplicate ? "spec-duplicate-key" : "spec-syntax", [], message), ...at(error.pos[0]) };
  });
  const locate: Locate = (path) => at(offsetOf(document, path));
  if (problems.length > 0) return { authored: undefined, locate, problems };
  try {
    return { authored: document.toJS() as unknown, locate, problems: [] };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return { authored: undefined, locate, problems: [{ ...problem("spec-syntax", [], message), line: 1, column: 1 }] };
  }
}

function offsetOf(document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents;
  let offset = rangeStart(node);
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (pair === undefined) break;
      offset = rangeStart(pair.key) || offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      if (node === undefined) break;
      offset = rangeStart(node) || offset;
    } else break;
  }
  return offset;
}

function rangeStart(node: unknown): number {
  const range = (node as { range?: readonly number[] | null } | null)?.range;
  return range?.[0] ?? 0;
}
