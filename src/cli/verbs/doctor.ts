import path from "node:path";
import { fileURLToPath } from "node:url";
import type { ControlPlane, Finding } from "../../engine/control-plane.js";
import { WindlassError } from "../../error.js";
import type { Places } from "../../ports/places.js";
import { systemdUnit } from "../../render/systemd.js";
import type { Cli } from "../context.js";
import { localFindings } from "../doctor.js";
import { EXIT } from "../exit-code.js";
import { json, next, say } from "../output.js";
import { styleOf } from "../render/style.js";
import { align, printable } from "../render/text.js";
import { JSON_FLAG, verb } from "../verb.js";

const SYSTEMD_FLAG = { kind: "boolean", brief: "Print the systemd unit of this installation", default: false } as const;

type Flags = { readonly systemd: boolean };

export default verb<Flags, []>({
  brief: "Look at this machine and at Windlass itself",
  description:
    "Checks Node.js, the state's directory, disk and sockets, and asks the control plane about itself, the daemon, the\n" +
    "edge and what the machine offers. Starts nothing. Ends with 4 when something is wrong.\n" +
    "With --systemd it prints the unit that brings everything back after a reboot, and checks nothing.",
  examples: ["windlass doctor", "windlass doctor --json", "windlass doctor --systemd >windlass.service"],
  parameters: { flags: { json: JSON_FLAG, systemd: SYSTEMD_FLAG } },
  async run(cli, flags) {
    if (flags.systemd) {
      cli.process.stdout.write(unitFor(cli.places));
      return EXIT.done;
    }
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

/** For root a unit of the machine, for anybody else one of the user's own manager. */
function unitFor(places: Places): string {
  const boot = fileURLToPath(new URL("../../targets/host/daemon/boot.js", import.meta.url));
  const user = process.getuid?.() === 0 ? "root" : null;
  return systemdUnit({
    home: places.home,
    sockets: path.dirname(places.controlSocket),
    node: process.execPath,
    boot,
    user,
  });
}

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
    const hint = error.hint ?? `Its log: ${cli.places.logs}/control-plane.log`;
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
