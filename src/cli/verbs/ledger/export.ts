import { EXIT } from "../../exit-code.js";
import { json } from "../../output.js";
import { JSON_FLAG, verb } from "../../verb.js";

export default verb<Record<never, never>, []>({
  brief: "Print every event as one JSON line, in order",
  examples: ["windlass ledger export > ledger.ndjson"],
  parameters: { flags: { json: JSON_FLAG } },
  async run(cli) {
    const abort = new AbortController();
    const off = cli.onInterrupt(() => abort.abort());
    try {
      for await (const event of (await cli.connect()).ledger.export(abort.signal)) json(cli, event);
    } finally {
      off();
    }
    return EXIT.done;
  },
});
