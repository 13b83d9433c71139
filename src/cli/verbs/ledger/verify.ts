import type { LedgerVerdict } from "../../../engine/control-plane.js";
import { EXIT } from "../../exit-code.js";
import { json, next, say } from "../../output.js";
import { readPins, writePins } from "../../pins.js";
import { styleOf } from "../../render/style.js";
import { plural } from "../../render/text.js";
import { JSON_FLAG, verb } from "../../verb.js";

export default verb<Record<never, never>, []>({
  brief: "Check the whole ledger against the checkpoints that this CLI has seen",
  description:
    "Reads every event, computes the tree again and compares it with the pinned checkpoints: an edited, removed,\n" +
    "reordered or truncated record, and an older copy of the whole ledger, are found and named. Ends with 4 when something\n" +
    "is wrong; the pins are then kept as they are.",
  examples: ["windlass ledger verify", "windlass ledger verify --json"],
  parameters: { flags: { json: JSON_FLAG } },
  async run(cli, flags) {
    const plane = await cli.connect();
    const pins = readPins(cli);
    const { verifierKey } = await plane.ledger.checkpoint();
    const verdicts: LedgerVerdict[] = [];
    // Between the oldest and the newest pin lies what nobody verified yet.
    for (const pinned of new Set([pins?.notes[0] ?? null, pins?.notes.at(-1) ?? null]))
      verdicts.push(await plane.ledger.verify(pinned));
    const findings = verdicts.flatMap((one) => one.findings);
    if (pins !== null && pins.verifierKey !== verifierKey)
      findings.push({
        code: "ledger-key-changed",
        sequence: null,
        sentence: "the ledger signs with another key than before",
      });
    const [first] = verdicts;
    const ok = findings.length === 0 && verdicts.every((one) => one.ok);
    const distinct = [...new Map(findings.map((one) => [`${one.code} ${one.sequence}`, one])).values()];
    if (ok && first !== undefined) writePins(cli, verifierKey, [first.checkpoint]);
    if (flags.json) json(cli, { ...first, ok, findings: distinct, pinned: pins?.notes.length ?? 0 });
    else {
      const style = styleOf(cli.terminal);
      const against = pins === null ? "no earlier checkpoint was pinned here" : "it agrees with what was pinned here";
      if (ok) say(cli, style.green(`${style.ok} ${plural(first?.events ?? 0, "event")}, all in order; ${against}`));
      for (const one of distinct)
        say(
          cli,
          style.red(
            `${style.bad} ${one.sequence === null ? "" : `event ${one.sequence}: `}${one.sentence} [${one.code}]`,
          ),
        );
      next(
        cli,
        ok
          ? "`windlass ledger backup <directory>` keeps a copy"
          : "stop writing, keep this copy, compare with a backup",
      );
    }
    return ok ? EXIT.done : EXIT.failed;
  },
});
