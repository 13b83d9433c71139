import {
  type Application,
  buildApplication,
  buildRouteMap,
  type Command,
  help,
  type RouteMap,
  version as versionFlag,
} from "@stricli/core";
import type { Cli } from "./context.js";

type RoutingTarget<C extends Cli> = Command<C> | RouteMap<C>;
type Load = () => Promise<{ readonly default: RoutingTarget<Cli> }>;

/** Every verb, in the order of the help. A verb's file is loaded when it is used, so that `status` stays fast. */
export const VERBS: Readonly<Record<string, Load>> = {
  init: () => import("./verbs/init.js"),
  check: () => import("./verbs/check.js"),
  plan: () => import("./verbs/plan.js"),
  simulate: () => import("./verbs/simulate.js"),
  build: () => import("./verbs/build.js"),
  up: () => import("./verbs/up.js"),
  down: () => import("./verbs/down.js"),
  deploy: () => import("./verbs/deploy.js"),
  advance: () => import("./verbs/advance.js"),
  pause: () => import("./verbs/pause.js"),
  resume: () => import("./verbs/resume.js"),
  abort: () => import("./verbs/abort.js"),
  rollback: () => import("./verbs/rollback.js"),
  hold: () => import("./verbs/hold.js"),
  unhold: () => import("./verbs/unhold.js"),
  status: () => import("./verbs/status.js"),
  why: () => import("./verbs/why.js"),
  history: () => import("./verbs/history.js"),
  report: () => import("./verbs/report.js"),
  render: () => import("./verbs/render.js"),
  logs: () => import("./verbs/logs.js"),
  scale: () => import("./verbs/scale.js"),
  secret: () => import("./verbs/secret.js"),
  ledger: () => import("./verbs/ledger.js"),
  doctor: () => import("./verbs/doctor.js"),
  completion: () => import("./verbs/completion.js"),
  version: () => import("./verbs/version.js"),
};

/** The application for what was typed: with one verb, only that one is loaded. */
export async function applicationFor(inputs: readonly string[], version: string): Promise<Application<Cli>> {
  const [first = ""] = inputs;
  const load = VERBS[first];
  return load === undefined ? wholeApplication(version) : build({ [first]: (await load()).default }, version);
}

export async function wholeApplication(version: string): Promise<Application<Cli>> {
  const loaded = await Promise.all(
    Object.entries(VERBS).map(async ([name, load]) => [name, (await load()).default] as const),
  );
  return build(Object.fromEntries(loaded), version);
}

const FORMATTING = {
  useAliasInUsageLine: false,
  onlyRequiredInUsageLine: true,
  caseStyle: "convert-camel-to-kebab",
} as const;

function build(routes: Record<string, RoutingTarget<Cli>>, version: string): Application<Cli> {
  const root = buildRouteMap({
    routes,
    docs: {
      brief: "Delivers a system release by release, watches each one, and hauls it back when it does harm",
      fullDescription: [
        "Delivers a system release by release, watches what each one does, and hauls it back when it does harm.",
        "",
        "Start: `windlass init` writes a spec for this directory, `windlass up` runs it, `windlass deploy production` delivers it.",
      ].join("\n"),
    },
  });
  return buildApplication(
    root,
    {
      name: "windlass",
      scanner: { caseStyle: "allow-kebab-for-camel" },
    },
    {
      help: help({ brief: "Print help and exit", defaultForRouteMap: true, formatting: FORMATTING }),
      version: versionFlag({ brief: "Print the version and exit", info: { currentVersion: version } }),
    },
  );
}
