import { type Path, type Problem, problem } from "../problem.js";

/** Collects the problems of one place of the spec; `at` leads to them inside the environment that is compiled. */
export class Report {
  readonly problems: Problem[];
  readonly at: Path;

  constructor(problems: Problem[] = [], at: Path = []) {
    this.problems = problems;
    this.at = at;
  }

  below(...path: Path): Report {
    return new Report(this.problems, [...this.at, ...path]);
  }

  add(code: string, message: string, hint?: string): void {
    this.problems.push(problem(code, this.at, message, hint));
  }
}
