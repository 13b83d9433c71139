import type { Environment } from "../home.js";

/** What standard output can show. */
export interface Terminal {
  /** Lines can be redrawn; false in a pipe. */
  readonly live: boolean;
  readonly colour: boolean;
  readonly unicode: boolean;
  columns(): number;
  rows(): number;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export function terminalOf(stream: Stream, env: Environment): Terminal {
  const dumb = env.TERM === "dumb";
  const live = stream.isTTY === true && !dumb;
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "";
  // https://no-color.org: any value but the empty one.
  const refused = env.NO_COLOR !== undefined && env.NO_COLOR !== "";
  return {
    live,
    colour: !refused && (forced || live),
    unicode: /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || ""),
    columns: () => (stream.columns !== undefined && stream.columns > 0 ? stream.columns : 80),
    rows: () => (stream.rows !== undefined && stream.rows > 0 ? stream.rows : 24),
  };
}
