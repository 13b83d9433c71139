/** One JSON line on standard error, which the daemon has pointed to a file: what an operator should know. */
export function notice(level: "info" | "error", message: string, facts: Readonly<Record<string, string>> = {}): void {
  process.stderr.write(`${JSON.stringify({ timestamp: new Date().toISOString(), level, message, ...facts })}\n`);
}
