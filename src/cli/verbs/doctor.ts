import type { ControlPlane, Finding } from "../../engine/control-plane.js";
import { WindlassError } from "../../error.js";
import type { Cli } from "../context.js";
import { localFindings } from "../doctor.js";
import { EXIT } from "../exit-code.js";
import { json, next, say } from "../output.js";
import { styleOf } from "../render/style.js";
import { align, printable } from "../render/text.js";
import { JSON_FLAG, verb } from "../verb.js";

export default verb<Record<never, never>, []>({
  brief: "Look at this machine and at Windlass itself",
  description:
    "Checks Node.js, the state's directory, disk and sockets, and asks the control plane about itself, the daemon, the\n" +
    "edge and what the machine offers. Starts nothing. Ends with 4 when something is wrong.",
  examples: ["windlass doctor", "windlass doctor --json"],
  parameters: { flags: { json: JSON_FLAG } },
  async run(cli, flags) {
    const plane = await cli.reach();
    const findings = [...localFindings(cli, plane !== null), ...(await remoteFindings(cli, plane))];
    const ok = findings.every((finding) => finding.ok);
    if (flags.json) json(cli, { ok, findings });
    else {
      print(cli, findings);
      next(cli, ok ? "`windlass status`" : "follow the hints above, then `windlass doctor` again");
    }
    return ok ? EXIT.done : EXIT.failed;
  },
});

async function remoteFindings(cli: Cli, plane: ControlPlane | null): Promise<readonly Finding[]> {
  if (plane === null) {
    const sentence = "does not run; the first verb that needs it starts it";
    return [{ check: "control plane", ok: true, sentence, hint: null }];
  }
  try {
    const { version, pid } = await plane.about();
    const sentence = `${version}, process ${pid}`;
    return [{ check: "control plane", ok: true, sentence, hint: null }, ...(await plane.doctor())];
  } catch (error) {
    if (!(error instanceof WindlassError)) throw error;
    const hint = error.hint ?? `Its log: ${cli.places.logs}/control.log`;
    return [{ check: "control plane", ok: false, sentence: error.message, hint }];
  }
}

function print(cli: Cli, findings: readonly Finding[]): void {
  const style = styleOf(cli.terminal);
  const rows = findings.map((one) => [
    one.ok ? style.green(style.ok) : style.red(style.bad),
    style.bold(one.check),
    printable(one.sentence),
  ]);
  for (const [index, line] of align(rows).entries()) {
    say(cli, line);
    const hint = findings[index]?.hint ?? null;
    if (hint !== null) say(cli, `     ${style.dim(printable(hint))}`);
  }
}
