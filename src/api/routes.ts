import type { Route } from "./route.js";
import { artefactRoutes } from "./routes/artefacts.js";
import { environmentRoutes } from "./routes/environments.js";
import { installationRoutes } from "./routes/installation.js";
import { ledgerRoutes } from "./routes/ledger.js";
import { streamRoutes } from "./routes/streams.js";

/** Everything that the control plane serves, besides `/v1/openapi.json` itself. */
export const ROUTES: readonly Route[] = [
  ...installationRoutes,
  ...environmentRoutes,
  ...streamRoutes,
  ...artefactRoutes,
  ...ledgerRoutes,
];
