import type { Reporter, TestCase } from "vitest/node";

/** Shows why a story that passed at its second try failed at its first; vitest itself only says that there were two. */
export class TriedAgain implements Reporter {
  onTestCaseResult(test: TestCase): void {
    const { state, errors } = test.result();
    if (state !== "passed" || (errors ?? []).length === 0) return;
    process.stderr.write(`\nfailed at its first try: ${test.fullName}\n`);
    for (const { message, stack } of errors ?? []) process.stderr.write(`${message}\n${stack ?? ""}\n`);
  }
}
