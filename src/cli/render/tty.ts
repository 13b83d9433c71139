import type { EventRecord } from "../../core/model/event.js";
import type { EnvironmentView } from "../../engine/view.js";
import type { Cli } from "../context.js";
import { Painter } from "./painter.js";
import { PlainProgress } from "./plain.js";
import type { Progress } from "./progress.js";
import { styleOf } from "./style.js";
import { viewLines } from "./view-lines.js";

/** On a terminal: what happened scrolls by above, how it stands is redrawn below. */
export class TtyProgress implements Progress {
  readonly #cli: Cli;
  readonly #painter: Painter;
  readonly #log: PlainProgress;
  readonly #tick: NodeJS.Timeout;
  #view: EnvironmentView | null = null;
  #seenAt = 0;

  constructor(cli: Cli) {
    const style = styleOf(cli.terminal);
    this.#cli = cli;
    this.#painter = new Painter(
      cli.terminal,
      (text) => void cli.process.stdout.write(text),
      style.cut,
      () => cli.now(),
    );
    this.#log = new PlainProgress(cli, (line) => this.#painter.above(style.dim(line)));
    // Times go on between two views.
    this.#tick = setInterval(() => this.#draw(), 1000);
    this.#tick.unref();
  }

  event(event: EventRecord): void {
    this.#log.event(event);
  }

  view(view: EnvironmentView): void {
    this.#view = view;
    this.#seenAt = this.#cli.now();
    this.#log.view(view);
    this.#draw();
  }

  note(line: string): void {
    this.#log.note(line);
  }

  end(): void {
    clearInterval(this.#tick);
    this.#draw();
    this.#painter.end();
  }

  #draw(): void {
    if (this.#view === null) return;
    const now = this.#view.now + Math.max(0, this.#cli.now() - this.#seenAt);
    this.#painter.block(viewLines(this.#view, now, styleOf(this.#cli.terminal)));
  }
}
