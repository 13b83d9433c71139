import { WindlassError } from "../../../error.js";

/** What people read of a failure: the code, what it says, and what can be done. */
export function messageOf(error: unknown): string {
  if (!(error instanceof WindlassError)) return error instanceof Error ? error.message : String(error);
  const said = `${error.code}: ${error.message}`;
  return error.hint === undefined ? said : `${said.replace(/\.$/, "")}. ${error.hint}`;
}
