/** What a benchmark hands back: figures under the names of the task, whether they reach its marks, a table for people. */
export interface BenchResult {
  name: string;
  figures: Record<string, number>;
  reached: boolean;
  lines: string[];
}
