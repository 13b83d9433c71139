import { buildRouteMap } from "@stricli/core";
import backup from "./ledger/backup.js";
import check from "./ledger/check.js";
import checkpoint from "./ledger/checkpoint.js";
import exporting from "./ledger/export.js";
import prove from "./ledger/prove.js";
import verify from "./ledger/verify.js";

export default buildRouteMap({
  routes: { verify, prove, check, checkpoint, export: exporting, backup },
  docs: {
    brief: "Verify, prove, export or back up the record of everything that happened",
    fullDescription:
      "The ledger is an append-only Merkle tree (RFC 6962). Whoever holds an earlier checkpoint finds every change: this\n" +
      "CLI pins the ones that it sees in your configuration directory.",
  },
});
