import { buildRouteMap } from "@stricli/core";
import kubernetes from "./render/kubernetes.js";

export default buildRouteMap({
  routes: { kubernetes },
  docs: {
    brief: "Write what Windlass would do into files, for tools that work on files",
    fullDescription:
      "Nothing is deployed, and nothing that runs is changed. Files are the same bytes for the same content.",
  },
});
