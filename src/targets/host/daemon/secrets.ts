import { randomBytes } from "node:crypto";
import path from "node:path";
import { z } from "zod";
import { WindlassError } from "../../../error.js";
import { readIfThere, writeDurably } from "../supervisor/durable-file.js";

const valuesSchema = z.record(z.string(), z.string());
const GENERATED_BYTES = 32;
/** A shorter one is found in everything, and is no secret. */
const SHORTEST_CONCEALED = 4;

/** Values by name, per environment, in a file that only its owner reads. They are read when a process starts. */
export class Secrets {
  constructor(private readonly directory: string) {}

  has(environment: string, name: string): boolean {
    return this.read(environment)[name] !== undefined;
  }

  /** Throws `host-secret-missing`, which names it. A generated one is made at its first use and kept. */
  value(environment: string, name: string, generate: boolean): string {
    const values = this.read(environment);
    const value = values[name];
    if (value !== undefined) return value;
    if (!generate)
      throw new WindlassError("host-secret-missing", `the secret ${name} has no value in ${environment}`, {
        hint: `Set it with \`windlass secret set ${name} ${environment}\`, or let it be generated in the spec.`,
        facts: { secret: name, environment },
      });
    const made = randomBytes(GENERATED_BYTES).toString("hex");
    this.write(environment, { ...values, [name]: made });
    return made;
  }

  /**
   * Takes the environment's secrets, and `urls` with their passwords, out of what processes print: last lines and
   * probes' answers become events. The values are read at the first text.
   */
  conceal(environment: string, urls: () => readonly string[]): (text: string) => string {
    let known: readonly string[] | null = null;
    return (text) => {
      try {
        known ??= [...Object.values(this.read(environment)), ...urls()]
          .flatMap((value) => [value, ...passwordOf(value)])
          .filter((value) => value.length >= SHORTEST_CONCEALED)
          .sort((a, b) => b.length - a.length);
      } catch (error) {
        if (error instanceof WindlassError) return `(not shown: ${error.message})`;
        throw error;
      }
      return known.reduce((shown, value) => shown.replaceAll(value, "•••"), text);
    };
  }

  /** Sets values; null removes one. */
  set(environment: string, changes: Readonly<Record<string, string | null>>): void {
    const values = { ...this.read(environment) };
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) delete values[name];
      else values[name] = value;
    }
    this.write(environment, values);
  }

  private read(environment: string): Readonly<Record<string, string>> {
    const file = this.file(environment);
    const text = readIfThere(file);
    if (text === null) return {};
    try {
      return valuesSchema.parse(JSON.parse(text));
    } catch (error) {
      // Without the parser's message: it quotes what it could not read.
      if (error instanceof SyntaxError || error instanceof z.ZodError)
        throw new WindlassError("host-secrets-unreadable", `${file} is not a JSON object of strings`);
      throw error;
    }
  }

  private write(environment: string, values: Readonly<Record<string, string>>): void {
    writeDurably(this.file(environment), `${JSON.stringify(values, null, 2)}\n`);
  }

  private file(environment: string): string {
    const [system = "", name = ""] = environment.split("/").map(encodeURIComponent);
    return path.join(this.directory, system, `${name}.json`);
  }
}

/** As it is written in the URL, and as a client says it. */
function passwordOf(url: string): readonly string[] {
  if (!URL.canParse(url)) return [];
  const { password } = new URL(url);
  try {
    return [password, decodeURIComponent(password)];
  } catch (error) {
    if (error instanceof URIError) return [password];
    throw error;
  }
}
