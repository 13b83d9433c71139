import path from "node:path";
import type { Cli } from "../context.js";
import { EXIT, type ExitCode } from "../exit-code.js";
import type { LoadResult } from "../load/load.js";
import type { LocatedProblem } from "../load/position.js";
import { json, next, say } from "../output.js";
import { styleOf } from "../render/style.js";
import { align, plural } from "../render/text.js";
import { JSON_FLAG, switchFlag, textFlag, verb } from "../verb.js";

type Flags = { readonly effective?: string; readonly jsonSchema: boolean };

export default verb<Flags, []>({
  brief: "Check the spec: every problem, with file, line and column",
  description:
    "Reads and compiles this directory's windlass.system.ts or .yaml and reports every problem at once. Nothing is\n" +
    "started. With --effective it prints every field of an environment and where its value comes from. Ends with 2 when\n" +
    "there is a problem.",
  examples: [
    "windlass check",
    "windlass check --effective production",
    "windlass check --json-schema > windlass.schema.json   # for editors",
  ],
  parameters: {
    flags: {
      json: JSON_FLAG,
      effective: textFlag("Print the effective value of every field, and its origin", "environment"),
      jsonSchema: switchFlag("Print the JSON Schema of the spec"),
    },
  },
  async run(cli, flags) {
    if (flags.jsonSchema) {
      const { jsonSchema } = await import("../../spec/json-schema.js");
      say(cli, JSON.stringify(jsonSchema(), null, 2));
      return EXIT.done;
    }
    const { loadSystem } = await import("../load/load.js");
    const loaded = await loadSystem(cli.cwd);
    if (loaded.system === undefined) return report(cli, loaded.problems, flags.json);
    if (flags.effective !== undefined) return effective(cli, loaded, flags.effective, flags.json);
    const { system, digest, file } = loaded;
    const environments = Object.keys(system.environments);
    const services = [...new Set(Object.values(system.environments).flatMap((one) => Object.keys(one.services)))];
    if (flags.json) json(cli, { ok: true, problems: [], system: system.name, digest, environments, services });
    else {
      const { ok, green } = styleOf(cli.terminal);
      const what = `${plural(services.length, "service")}, ${plural(environments.length, "environment")}: ${environments.join(", ")}`;
      say(cli, `${green(`${ok} ${path.relative(cli.cwd, file)} is fine`)}: system ${system.name}, ${what}`);
      next(
        cli,
        "`windlass up` runs it here",
        `\`windlass plan ${environments.at(-1)}\` shows what a deployment would change`,
      );
    }
    return EXIT.done;
  },
});

async function report(cli: Cli, problems: readonly LocatedProblem[], asJson: boolean): Promise<ExitCode> {
  if (asJson) json(cli, { ok: false, problems });
  else {
    const { formatProblems } = await import("../load/position.js");
    say(cli, formatProblems(problems, cli.cwd));
    say(cli);
    say(cli, `${plural(problems.length, "problem")}.`);
    next(cli, "put them right, then `windlass check` again");
  }
  return EXIT.invalid;
}

async function effective(cli: Cli, loaded: LoadResult, name: string, asJson: boolean): Promise<ExitCode> {
  const { effective: fieldsOf, originText } = await import("../../spec/effective.js");
  const fields = fieldsOf(loaded.authored, name).map((field) => {
    const { line, column } = loaded.locate(field.origin.path);
    const isDefault = field.origin.layer.kind === "default";
    return { ...field, ...(isDefault ? {} : { line, column }), from: originText(field.origin) };
  });
  if (asJson) json(cli, { environment: name, fields });
  else {
    const { dim } = styleOf(cli.terminal);
    const file = path.relative(cli.cwd, loaded.file);
    const rows = fields.map((field) => {
      const place = "line" in field ? ` ${file}:${field.line}:${field.column}` : "";
      return [field.field, dim(`${field.from}${place}`), field.value];
    });
    for (const line of align(rows)) say(cli, line);
  }
  return EXIT.done;
}
