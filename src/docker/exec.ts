import type { DockerEngine } from "./engine.js";
import { demultiplex } from "./frames.js";

export interface ExecOutcome {
  readonly exitCode: number;
  /** Both outputs, as they came; cut after 16 KiB. */
  readonly output: string;
}

const MAX_OUTPUT = 16 * 1024;

/**
 * Runs a command in a running container and waits for its end. `docker-refused` 409 when it does not run,
 * `environment` is beside the container's own. `docker-timeout` after the deadline: then the command goes on, the Engine has no way to end it.
 */
export async function execIn(
  engine: DockerEngine,
  id: string,
  argv: readonly string[],
  deadlineMs: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<ExecOutcome> {
  const Env = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const body = { Cmd: argv, AttachStdout: true, AttachStderr: true, Env };
  const made = await engine.json<{ Id: string }>("POST", `/containers/${encodeURIComponent(id)}/exec`, { body });
  const chunks: Buffer[] = [];
  let kept = 0;
  const source = await engine.stream("POST", `/exec/${made.Id}/start`, {
    body: { Detach: false, Tty: false },
    deadlineMs,
    signal: AbortSignal.timeout(deadlineMs),
  });
  try {
    for await (const { bytes } of demultiplex(source)) {
      if (kept >= MAX_OUTPUT) continue;
      chunks.push(bytes.subarray(0, MAX_OUTPUT - kept));
      kept += bytes.length;
    }
  } catch (error) {
    throw engine.explain(error, deadlineMs);
  } finally {
    source.destroy();
  }
  const { ExitCode } = await engine.json<{ ExitCode: number | null }>("GET", `/exec/${made.Id}/json`);
  return { exitCode: ExitCode ?? -1, output: Buffer.concat(chunks).toString("utf8") };
}
