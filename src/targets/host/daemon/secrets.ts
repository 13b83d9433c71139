import { randomBytes } from "node:crypto";
import path from "node:path";
import { z } from "zod";
import { WindlassError } from "../../../error.js";
import { readIfThere, writeDurably } from "../supervisor/durable-file.js";

const valuesSchema = z.record(z.string(), z.string());
const GENERATED_BYTES = 32;

/** Values by name, per environment, in a file that only its owner reads. They are read when a process starts. */
export class Secrets {
  constructor(private readonly directory: string) {}

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
