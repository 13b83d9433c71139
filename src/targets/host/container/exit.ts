import type { ExitFacts } from "../supervisor/replica-state.js";
import type { End } from "./changes.js";
import type { Connection } from "./connection.js";
import { lastLines, pastExitCode } from "./past.js";

const LAST_LINES = 20;

/** An end with all that the Engine still knows of it; what it cannot tell is left out, and said to `report`. */
export async function exitOf(
  connection: Connection,
  id: string,
  end: End,
  report: (message: string, error?: unknown) => void,
): Promise<ExitFacts> {
  const exit: ExitFacts = { ...end.exit, lastLines: [] };
  const { finished } = end;
  if (finished === null) return exit;
  try {
    return await connection.use(async (engine) => {
      const lines = await lastLines(engine, id, end, LAST_LINES);
      if (exit.code !== null) return { ...exit, lastLines: lines };
      const code = await pastExitCode(engine, id, finished);
      return code === null ? { ...exit, lastLines: lines } : { ...exit, code, known: true, lastLines: lines };
    });
  } catch (error) {
    // How it ended is no reason to forget that it did.
    report("the Docker Engine does not tell how a container ended", error);
    return exit;
  }
}
