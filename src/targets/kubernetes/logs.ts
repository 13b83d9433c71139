import type { LogLine, LogQuery } from "../../ports/target.js";
import type { Kubernetes } from "./client/api.js";
import type { PodSeen } from "./seen/pod.js";

const WAITING_LINES = 10_000;

/**
 * Lines of the pods that match, those of each in order; when followed, as they come. A reader that is too slow for all
 * of them is told how many were left out.
 */
export async function* podLines(
  client: Kubernetes,
  pods: readonly PodSeen[],
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const chosen = pods.filter(
    (pod) =>
      (query.service === null || pod.service === query.service) &&
      (query.replica === null || pod.name === query.replica),
  );
  const lines: LogLine[] = [];
  let left = 0;
  let going = chosen.length;
  let wake: () => void = () => {};
  const push = (line: LogLine): void => {
    if (lines.length < WAITING_LINES) lines.push(line);
    else left++;
    wake();
  };
  for (const pod of chosen)
    void follow(client, pod, query, signal, push).finally(() => {
      going--;
      wake();
    });
  while (going > 0 || lines.length > 0) {
    const line = lines.shift();
    if (line !== undefined) {
      yield line;
      continue;
    }
    if (signal.aborted) return;
    if (left > 0) {
      yield { service: query.service ?? "", replica: "", stream: "windlass", text: `${left} lines were left out` };
      left = 0;
      continue;
    }
    await new Promise<void>((resolve) => {
      wake = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
      if (lines.length > 0 || going === 0) resolve();
    });
  }
}

async function follow(
  client: Kubernetes,
  pod: PodSeen,
  query: LogQuery,
  signal: AbortSignal,
  push: (line: LogLine) => void,
): Promise<void> {
  const { namespace, name, container } = pod;
  const about = { service: pod.service ?? "", replica: name };
  try {
    const options = { namespace, pod: name, container, tailLines: query.lines, follow: query.follow };
    for await (const text of client.logs(options, signal)) push({ ...about, stream: "stdout", text });
  } catch (error) {
    if (signal.aborted) return;
    push({ ...about, stream: "windlass", text: error instanceof Error ? error.message : String(error) });
  }
}
