import { cutOver } from "./cutting/cutover.js";
import type { BenchResult } from "./result.js";
import { numbers } from "./table/options.js";

const DEFAULTS = { deployments: 50, rate: 500 };

/** Processes behind the edge. */
export async function run(): Promise<BenchResult> {
  return cutOver({ name: "cutover", ...numbers(DEFAULTS), atLeast: DEFAULTS.deployments });
}
