import type { EventRecord } from "../../core/model/event.js";
import type { EnvironmentView } from "../../engine/view.js";
import type { Cli } from "../context.js";
import type { Progress } from "./progress.js";
import { QUIET, RevisionNames, sentenceOf } from "./sentences.js";
import { printable } from "./text.js";

/** One line per event: for a pipe, and above the block on a terminal. */
export class PlainProgress implements Progress {
  readonly #cli: Cli;
  readonly #names = new RevisionNames();
  readonly #write: (line: string) => void;
  #waiting = "";

  constructor(cli: Cli, write: (line: string) => void = (line) => void cli.process.stdout.write(`${line}\n`)) {
    this.#cli = cli;
    this.#write = write;
  }

  event(event: EventRecord): void {
    this.#names.learnFrom(event);
    if (QUIET.has(event.type)) return;
    this.#line(new Date(event.wall), sentenceOf(event, this.#names));
  }

  view(view: EnvironmentView): void {
    learnNames(this.#names, view);
    // What has no event of its own: a target that does not answer.
    const problem = view.targetProblem ?? "";
    if (problem !== this.#waiting && problem !== "") this.note(`the target has a problem: ${problem}`);
    this.#waiting = problem;
  }

  note(line: string): void {
    this.#line(new Date(this.#cli.now()), line);
  }

  end(): void {
    this.#waiting = "";
  }

  #line(at: Date, text: string): void {
    this.#write(`${this.#cli.timeOfDay(at)}  ${printable(text)}`);
  }
}

export function learnNames(names: RevisionNames, view: EnvironmentView): void {
  const known = [view.current, view.before, view.deployment?.from, view.deployment?.to, view.next?.to];
  for (const name of known) if (name) names.learn(name.id, name.label);
  for (const service of view.services)
    for (const { revision } of service.groups) names.learn(revision.id, revision.label);
}
