import type { SignalCounts } from "../../../core/model/judgement.js";
import { type Answer, shown } from "../exchange.js";
import { quoted, unanswered } from "../unanswered.js";
import { at } from "./json-pointer.js";

/** The counts in an answer; null: it says that there are none (status 204, or null where the counts should be). */
export function countsIn(
  answer: Answer,
  url: URL,
  pointers: { readonly bad: string; readonly total: string },
): SignalCounts | null {
  const where = shown(url);
  if (answer.status === 204) return null;
  if (answer.status === 401 || answer.status === 403)
    throw unanswered(`${where} lets nobody ask without the right token (status ${answer.status})`);
  if (answer.status < 200 || answer.status >= 300) throw unanswered(`${where} answered with status ${answer.status}`);
  let document: unknown;
  try {
    // Some servers begin JSON with a byte order mark.
    document = JSON.parse(answer.text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw unanswered(`${where} did not answer with JSON, but: ${quoted(answer.text, 60)}`, cause);
  }
  const bad = countAt(pointers.bad, document, where);
  const total = countAt(pointers.total, document, where);
  return bad === null || total === null ? null : { bad, total };
}

function countAt(pointer: string, document: unknown, where: string): number | null {
  const value = at(pointer, document);
  if (value === null) return null;
  if (value === undefined) throw unanswered(`the answer of ${where} has nothing at ${quoted(pointer)}`);
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw unanswered(`the answer of ${where} has ${quoted(JSON.stringify(value), 60)} at ${quoted(pointer)}, no count`);
  return value;
}
