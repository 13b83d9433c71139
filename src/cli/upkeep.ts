import path from "node:path";
import { excludes } from "../archive/excludes.js";
import type { ControlPlane } from "../engine/control-plane.js";
import { close } from "./closing.js";
import { ask, refuse } from "./command.js";
import type { Cli } from "./context.js";
import { type Delivered, deliver } from "./deliver.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import { followDeployment } from "./follow.js";
import { json, next, remark, say } from "./output.js";
import { progressFor } from "./progress.js";
import { failureText } from "./render/failure.js";
import { LogPrinter } from "./render/log-lines.js";
import { PlainProgress } from "./render/plain.js";
import type { Progress } from "./render/progress.js";
import { styleOf } from "./render/style.js";
import { environmentOf, type LoadedSpec, loadSpec } from "./spec.js";
import { watchFiles } from "./watch.js";
import type { WatchedDirectory } from "./watched.js";

/** `windlass up`: brings a system up in development, shows what it prints, and deploys again when a file changes. */
export class Upkeep {
  readonly #cli: Cli;
  readonly #asked: string | undefined;
  readonly #json: boolean;
  #key = "";
  #spec: LoadedSpec | null = null;

  constructor(cli: Cli, asked: string | undefined, asJson: boolean) {
    this.#cli = cli;
    this.#asked = asked;
    this.#json = asJson;
  }

  /** The first deployment, shown as `deploy` shows it. */
  async bring(): Promise<ExitCode> {
    return this.#deploy(() => progressFor(this.#cli, this.#json));
  }

  /** Watches and shows what the services print, until Ctrl-C. */
  async keep(): Promise<ExitCode> {
    const abort = new AbortController();
    const off = this.#cli.onInterrupt(() => abort.abort());
    const changes = new Changes();
    const stop = watchFiles(this.#watched(), (paths) => changes.add(paths));
    abort.signal.addEventListener("abort", () => changes.end());
    this.#note("watching for changes; Ctrl-C ends that, and the system goes on");
    const printing = this.#printLogs(abort.signal);
    try {
      for await (const paths of changes) {
        if (abort.signal.aborted) break;
        await this.#again(paths);
      }
    } finally {
      off();
      stop();
      abort.abort();
      await printing;
    }
    if (!this.#json) {
      say(this.#cli);
      say(this.#cli, `No longer watching; ${this.#key} goes on.`);
      next(this.#cli, "`windlass down` stops it", "`windlass up` watches again");
    }
    return EXIT.done;
  }

  async #again(paths: readonly string[]): Promise<void> {
    const shown = paths.slice(0, 3).map((file) => path.relative(this.#cli.cwd, file));
    const more = paths.length > 3 ? ` and ${paths.length - 3} more` : "";
    this.#note(`changed: ${shown.join(", ")}${more}`);
    try {
      await this.#deploy(async () => (this.#json ? progressFor(this.#cli, true) : new PlainProgress(this.#cli)));
    } catch (error) {
      // A spec that is wrong for a moment while somebody types does not end the watching.
      this.#cli.process.stderr.write(failureText(error, styleOf(this.#cli.terminal), this.#cli.env));
    }
  }

  async #deploy(progress: () => Promise<Progress>): Promise<ExitCode> {
    const cli = this.#cli;
    const spec = await loadSpec(cli);
    this.#spec = spec;
    const environment = environmentOf(spec, this.#asked, "development");
    this.#key = `${spec.system.name}/${environment.name}`;
    const plane = await cli.connect();
    const delivery = {
      spec,
      environment,
      key: this.#key,
      reason: null,
      fast: true,
      version: undefined,
      note: (line: string) => this.#note(line),
    };
    const send = () => deliver(cli, plane, delivery, async () => true);
    const delivered = await this.#withoutHold(plane, await send(), send, environment.protected);
    if (delivered === null) return EXIT.done;
    const { outcome, since } = delivered;
    if (outcome.kind === "refused") return refuse(cli, outcome, this.#json);
    const { deployment } = outcome;
    if (deployment === null) {
      if (this.#json) json(cli, { kind: "accepted", deployment, note: outcome.note });
      else say(cli, `${this.#key}: ${outcome.note}.`);
      return EXIT.done;
    }
    const following = { environment: this.#key, deployment, since, leaveWhenWaiting: false };
    return close(cli, await followDeployment(cli, plane, following, await progress()), deployment, this.#json);
  }

  /** In development a revision that failed is tried again when somebody says `up`: the reason was perhaps elsewhere. */
  async #withoutHold(
    plane: ControlPlane,
    first: Delivered | null,
    again: () => Promise<Delivered | null>,
    isProtected: boolean,
  ): Promise<Delivered | null> {
    if (first?.outcome.kind !== "refused" || first.outcome.refusal.code !== "revision-held" || isProtected)
      return first;
    await ask(this.#cli, plane, this.#key, { kind: "unhold", revision: null, reason: "windlass up" });
    return again();
  }

  async #printLogs(signal: AbortSignal): Promise<void> {
    const printer = new LogPrinter(this.#cli);
    const query = { service: null, replica: null, lines: 0, follow: true };
    while (!signal.aborted) {
      try {
        const plane = await this.#cli.connect();
        for await (const line of plane.logs(this.#key, query, signal))
          if (this.#json) json(this.#cli, { kind: "log", line });
          else printer.print(line);
      } catch (error) {
        // A control plane that restarts, or a daemon that does: what is printed meanwhile is in `windlass logs`.
        if (!signal.aborted && this.#cli.env.WINDLASS_DEBUG === "1") remark(this.#cli, String(error));
      }
      if (!signal.aborted) await this.#cli.sleep(1_000);
    }
  }

  #watched(): readonly WatchedDirectory[] {
    const spec = this.#spec;
    if (spec === null) return [];
    const environment = environmentOf(spec, this.#asked, "development");
    const file = path.basename(spec.file);
    const sources = Object.values(environment.services).flatMap(({ source, build }) => [
      ...(source === null ? [] : [source]),
      // What a Dockerfile takes may be more than the service's files.
      ...(build?.kind === "dockerfile" ? [build.context, path.dirname(build.file)] : []).map((directory) => ({
        directory,
        exclude: source?.exclude ?? [],
      })),
    ]);
    const distinct = [...new Map(sources.map((source) => [JSON.stringify(source), source])).values()];
    return [
      { directory: spec.directory, ignores: (name) => name !== file },
      ...distinct.map(({ directory, exclude }) => ({
        directory: path.resolve(spec.directory, directory),
        ignores: excludes(exclude),
      })),
    ];
  }

  #note(line: string): void {
    if (this.#json) json(this.#cli, { kind: "note", text: line });
    else remark(this.#cli, line);
  }
}

/** Changes that arrive while a deployment goes on wait, as one. */
class Changes implements AsyncIterable<readonly string[]> {
  readonly #pending = new Set<string>();
  #wake: (() => void) | null = null;
  #ended = false;

  add(paths: readonly string[]): void {
    for (const file of paths) this.#pending.add(file);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly string[]> {
    for (;;) {
      if (this.#ended) return;
      if (this.#pending.size > 0) {
        const paths = [...this.#pending].sort();
        this.#pending.clear();
        yield paths;
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }
}
