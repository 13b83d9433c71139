import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { WindlassError } from "../../error.js";
import type { Cli } from "../context.js";
import { SPEC_FILES } from "../load/find.js";
import { json, next, say } from "../output.js";
import type { Ask } from "../question/ask.js";
import { styleOf } from "../render/style.js";
import { type Guess, guessProject, type ServiceGuess } from "./guess.js";
import { typescriptSpec, yamlSpec } from "./text.js";

interface Wanted {
  readonly yes: boolean;
  readonly yaml: boolean;
  readonly json: boolean;
}

/** Guesses, asks, writes; false when the person said no. Throws `cli-spec-exists`: nothing is ever overwritten. */
export async function writeSpec(cli: Cli, wanted: Wanted): Promise<boolean> {
  const there = SPEC_FILES.find((name) => existsSync(path.join(cli.cwd, name)));
  if (there !== undefined)
    throw new WindlassError("cli-spec-exists", `${there} is here already.`, {
      hint: "`windlass check` looks at it; `windlass up` runs it.",
    });
  const guess = guessProject(cli.cwd);
  const asks = !wanted.yes && !wanted.json && cli.ask !== null;
  const agreed = asks && cli.ask !== null ? await askAll(cli.ask, guess) : guess;
  const name = wanted.yaml ? "windlass.system.yaml" : "windlass.system.ts";
  // `wx`: somebody else may have written one meanwhile.
  writeFileSync(path.join(cli.cwd, name), wanted.yaml ? yamlSpec(agreed) : typescriptSpec(agreed), { flag: "wx" });
  const ignored = ignore(cli.cwd);
  if (wanted.json) json(cli, { wrote: [name, ...ignored], system: agreed.name, services: agreed.services });
  else report(cli, name, ignored, agreed);
  return true;
}

async function askAll(ask: Ask, guess: Guess): Promise<Guess> {
  const name = await ask.text("What is the system called?", guess.name);
  const services: ServiceGuess[] = [];
  for (const service of guess.services) {
    const command = await ask.text(`What runs ${service.name}?`, service.command);
    const port = await ask.text(
      `On which port do clients reach ${service.name}? (none: a worker)`,
      String(service.port ?? "none"),
    );
    const number = /^\d{1,5}$/.test(port) ? Number(port) : null;
    const health =
      number === null
        ? ""
        : await ask.text(
            "Which path answers when it is ready? (none: a connection is enough)",
            service.health ?? "none",
          );
    services.push({ ...service, command, port: number, health: health.startsWith("/") ? health : null });
  }
  return { name, services };
}

/** Windlass keeps nothing in the project but, perhaps, `.windlass`. */
function ignore(directory: string): readonly string[] {
  const file = path.join(directory, ".gitignore");
  if (!existsSync(path.join(directory, ".git")) && !existsSync(file)) return [];
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (text.split("\n").some((line) => line.trim().replace(/\/$/, "") === ".windlass")) return [];
  appendFileSync(file, `${text === "" || text.endsWith("\n") ? "" : "\n"}.windlass/\n`);
  return [".gitignore"];
}

function report(cli: Cli, name: string, ignored: readonly string[], guess: Guess): void {
  const style = styleOf(cli.terminal);
  say(cli, style.green(`${style.ok} ${[name, ...ignored].join(" and ")} written`));
  for (const service of guess.services) {
    const where = service.port === null ? "a worker" : `port ${service.port}`;
    const health = service.health === null ? "" : `, ready when ${service.health} answers`;
    say(cli, `  ${service.name}: ${service.command}, ${where}${health}`);
  }
  next(cli, "`windlass check` checks it", "`windlass up` runs it here", "`windlass deploy production` delivers it");
}
