import type { z } from "zod";
import type { CompiledEnvironment, CompiledResource, CompiledService } from "../compiled.js";
import { ENVIRONMENT_DEFAULTS } from "../defaults.js";
import type { Layered } from "../layers/environments.js";
import { fillService } from "../layers/fill.js";
import { runsContainers } from "../layers/fill-cluster.js";
import { isObject, originAt, plain } from "../layers/trace.js";
import { nearest } from "../nearest.js";
import type { Problem } from "../problem.js";
import { environment as environmentSchema } from "../schema/environment.js";
import { resourceObject } from "../schema/resource.js";
import { service as serviceSchema } from "../schema/service.js";
import { validate } from "../validate.js";
import type { AuthoredResource, AuthoredService } from "./authored.js";
import { compileEngine } from "./engine.js";
import { checkClaims } from "./ingress.js";
import { checkPorts, checkReferences } from "./references.js";
import { Report } from "./report.js";
import { resource } from "./resources.js";
import { compileService, listenOf, type Surroundings } from "./service.js";

/** One environment, and everything that is wrong in it with paths into what the user wrote. */
export function compileEnvironment({ name, full }: Layered): { environment: CompiledEnvironment; problems: Problem[] } {
  const report = new Report();
  const written = plain(full) as Record<string, unknown>;
  const services = isObject(written.services) ? written.services : {};
  const resources = isObject(written.resources) ? written.resources : {};
  const isCluster = written.target === "kubernetes";

  const compiledResources: Record<string, CompiledResource> = {};
  for (const [key, value] of Object.entries(resources)) {
    const here = report.below("resources", key);
    if (fits(resourceObject, value, here))
      compiledResources[key] = resource(key, value as AuthoredResource, isCluster, here);
  }
  const understood = understand(services, report);
  const around: Surroundings = {
    isProtected: written.protected === true,
    isCluster,
    inContainers: runsContainers(written),
    services: Object.keys(services),
    resources: Object.fromEntries(Object.values(compiledResources).map((one) => [one.name, one.kind])),
    listens: listens(understood),
  };
  const compiledServices: Record<string, CompiledService> = {};
  for (const { key, service } of understood)
    compiledServices[key] = compileService(key, service, around, report.below("services", key));
  checkReferences(services, resources, report);
  const all = Object.values(compiledServices);
  if (isCluster) checkClaims(all, report);
  else checkPorts(all, report);

  const settings = { ...ENVIRONMENT_DEFAULTS, ...written } as Settings;
  const environment: CompiledEnvironment = {
    name,
    target: settings.target,
    ...compileEngine(written, all, report),
    protected: settings.protected,
    whenBusy: settings.whenBusy,
    rollbackWindow: settings.rollbackWindow,
    keepReleases: settings.keepReleases,
    freezes: compileFreezes(settings.freezes, report),
    services: compiledServices,
    resources: compiledResources,
  };
  if (environment.keepReleases <= environment.rollbackWindow)
    report
      .below("keepReleases")
      .add(
        "spec-keep-releases",
        "fewer releases are kept than the rollback window needs",
        `keepReleases: at least ${environment.rollbackWindow + 1}`,
      );
  const problems = report.problems.map((one) => ({ ...one, path: originAt(full, one.path).path }));
  return { environment, problems };
}

interface Settings extends Pick<CompiledEnvironment, "target" | "protected" | "whenBusy"> {
  readonly rollbackWindow: number;
  readonly keepReleases: number;
  readonly freezes: unknown;
}

interface Understood {
  readonly key: string;
  readonly service: AuthoredService;
  /** False: it lost its broken fields. */
  readonly isWhole: boolean;
}

/** Services as far as they fit the schema; what does not fit is told. */
function understand(services: Record<string, unknown>, report: Report): readonly Understood[] {
  return Object.entries(services).flatMap(([key, value]) => {
    const isWhole = fits(serviceSchema, value, report.below("services", key));
    const service = isWhole ? value : withoutBroken(value);
    return service === null ? [] : [{ key, service: service as AuthoredService, isWhole }];
  });
}

/** A port that stands for a broken one leads nowhere. */
function listens(understood: readonly Understood[]): Surroundings["listens"] {
  return Object.fromEntries(
    understood.flatMap(({ key, service, isWhole }) => {
      const listen = isWhole ? listenOf(service, new Report()) : null;
      return listen === null ? [] : [[key, listen]];
    }),
  );
}

/** What does not fit the schema was told with the rest of the document and is passed over here. */
function compileFreezes(written: unknown, report: Report): CompiledEnvironment["freezes"] {
  const parsed = environmentSchema.shape.freezes.safeParse(written);
  return (parsed.data ?? []).map(({ from, to, reason }, index) => {
    const freeze = { from: Date.parse(from), to: Date.parse(to), reason };
    if (freeze.to <= freeze.from)
      report
        .below("freezes", index)
        .add("spec-freeze", "the freeze ends before it begins", "`to` must be later than `from`");
    return freeze;
  });
}

/** A broken field hides nothing that is wrong with the others: they are compiled without it. */
function withoutBroken(service: unknown): unknown {
  if (!isObject(service)) return null;
  const broken = new Set(validate(serviceSchema, service).map((one) => String(one.path[0])));
  const rest = Object.fromEntries(Object.entries(service).filter(([key]) => !broken.has(key)));
  const stoodFor = (field: string) => [...broken].some((key) => key === field || nearest(key, [field]) !== null);
  if (stoodFor("port")) rest.port = { number: 0 };
  if (stoodFor("dockerfile")) rest.dockerfile = { file: "unknown" };
  else if (stoodFor("base")) rest.base = "unknown";
  const runs = ["command", "image", "dockerfile"].some((key) => rest[key] !== undefined);
  // An image is right in every environment; of a command one may have to be made.
  if (!runs) rest.image = { name: "unknown:unknown" };
  const filled = fillService(rest);
  return validate(serviceSchema, filled).length === 0 ? filled : null;
}

function fits(schema: z.ZodType, value: unknown, here: Report): boolean {
  const problems = validate(schema, value, here.at);
  here.problems.push(...problems);
  return problems.length === 0;
}
