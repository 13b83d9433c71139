import { run } from "@stricli/core";
import { applicationFor } from "./app.js";
import { EXIT } from "./exit-code.js";
import { cliOfProcess } from "./process.js";

// A reader that goes away (`windlass history | head`) ends the program quietly.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.done);
  throw error;
});

const typed = process.argv.slice(2);
// `windlass help deploy` is what many type first.
const inputs = typed[0] === "help" ? [...typed.slice(1), "--help"] : typed;
const cli = cliOfProcess();
if (inputs[0] === "completion" && inputs[1] === "propose") {
  // What a shell asks on the Tab key: the words typed so far are not for us to parse.
  const { propose } = await import("./propose.js");
  cli.process.exitCode = await propose(cli, inputs.slice(2));
} else await run(await applicationFor(inputs, cli.version), inputs, cli);
process.exitCode = shellCode(cli.process.exitCode);

/** Stricli's own codes are negative: what was typed was not understood, or something that should not happen. */
function shellCode(code: number | string | null | undefined): number {
  if (typeof code !== "number") return EXIT.bug;
  return code >= 0 ? code : code <= -4 ? EXIT.invalid : EXIT.bug;
}
