import { z } from "zod";
import * as defaults from "./defaults.js";
import { analysisObject, http, margin, metric, otlp, prometheus } from "./schema/analysis.js";
import { dockerfileObject } from "./schema/build.js";
import { gatewayObject, ingressObject, kubernetes, registryObject } from "./schema/cluster.js";
import { environment } from "./schema/environment.js";
import { descriptionOf } from "./schema/field.js";
import { guard } from "./schema/guard.js";
import { probes } from "./schema/probe.js";
import { resourceObject } from "./schema/resource.js";
import { service } from "./schema/service.js";
import { strategy } from "./schema/strategy.js";
import { system } from "./schema/system.js";

/** The reference page of the spec as Markdown; every row comes out of the schema and its defaults. */
export function reference(): string {
  const strategies = strategy.options.filter((option) => option instanceof z.ZodObject);
  const kind = (option: z.ZodObject) => String([...(option.shape.kind as z.ZodLiteral).values][0]) as StrategyKind;
  const guards = guard.options.map((option) => [String([...option.shape.signal.values][0]), option] as const);
  return [
    "# The spec",
    "",
    "`windlass.system.ts` exports `defineSystem({…})`; `windlass.system.yaml` has the same fields. This page is generated",
    "from the schema: change it there, then run `npx vitest run src/spec/reference.test.ts -u`.",
    "",
    "Times are written `500ms`, `10s`, `5m`, `1h`, `2d`; sizes `512MiB`, `1GiB`; shares `5%`. An environment may change any",
    "field: objects merge, everything else replaces, `null` removes, and `extends` starts from another environment.",
    "",
    ...table("System", system),
    ...table("Service", service, defaults.SERVICE_DEFAULTS),
    ...table("Port", objectIn(service.shape.port), defaults.LISTEN_DEFAULTS),
    ...table("Source", objectIn(service.shape.source), defaults.SOURCE_DEFAULTS),
    ...table("Image", objectIn(service.shape.image)),
    ...images(),
    ...table("Probes", probes),
    'Short forms: `"/path"` for http, `"tcp"`, `false` for none.',
    "",
    ...table("Probe", objectIn(probes.shape.readiness)),
    ...probeDefaults(),
    ...strategies.flatMap((option) =>
      table(`Strategy ${kind(option)}`, option, defaults.STRATEGY_DEFAULTS[kind(option)]),
    ),
    ...guards.flatMap(([signal, option]) =>
      table(
        `Guard ${signal}`,
        option,
        signal === "restarts" ? defaults.RESTART_GUARD_DEFAULTS : defaults.GUARD_DEFAULTS,
      ),
    ),
    "Without guards of its own,",
    "",
    `- a canary whose errors are compared, or whatever has an objective for them, has ${code(defaults.GUARDS_BESIDE_ANALYSIS)};`,
    `- another service with a port has ${code(defaults.GUARDS_WITH_PORT)};`,
    `- a worker has ${code(defaults.GUARDS_WITHOUT_PORT)}.`,
    "",
    ...analysis(),
    ...table("Edge", objectIn(service.shape.edge), defaults.EDGE_DEFAULTS),
    ...table("Scaling", objectIn(service.shape.scaling), defaults.SCALING_DEFAULTS),
    ...table("Ingress", ingressObject, defaults.INGRESS_DEFAULTS),
    ...table("Resource", resourceObject),
    "In a cluster a resource is `external`: Windlass runs no database there.",
    "",
    ...table("Environment", environment, { ...defaults.ENVIRONMENT_DEFAULTS, ...defaults.HOST_DEFAULTS }),
    ...Object.entries(defaults.BUILT_IN_ENVIRONMENTS).map(
      ([name, built]) => `- \`${name}\`: protected ${built.protected}, onTooLittleData ${built.onTooLittleData}`,
    ),
    "",
    ...cluster(),
  ].join("\n");
}

type StrategyKind = keyof typeof defaults.STRATEGY_DEFAULTS;

function table(title: string, schema: z.ZodObject, known: object = {}): string[] {
  const rows = Object.entries(schema.shape).map(([name, inner]) => {
    const given = (known as Record<string, unknown>)[name];
    const fallback = given === undefined ? (isRequired(inner as z.ZodType) ? "required" : "") : code(given);
    return [`\`${name}\``, form(inner as z.ZodType), fallback, descriptionOf(inner as z.ZodType) ?? ""];
  });
  return [`## ${title}`, "", ...aligned([["field", "form", "default", "what"], ...rows]), ""];
}

/** Columns padded as the formatter of this repository pads them, so that it leaves the page alone. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const [head = "", ...body] = rows.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`,
  );
  return [head, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body];
}

function analysis(): string[] {
  const { errors, slow, others } = defaults.SIGNAL_DEFAULTS;
  const signal = memberOf(analysisObject.shape.signals);
  return [
    ...table("Analysis", analysisObject, defaults.ANALYSIS_DEFAULTS),
    `A service with a port has \`errors\` with ${code(errors.margin)} and \`slow\` with ${code(slow.margin)}`,
    "and a threshold that is learned; `analysis: false` turns all of it off, `errors: false` one. A worker has the signals that it declares.",
    "Only a canary is compared: elsewhere the two releases do not work side by side, and objectives and guards decide.",
    "",
    ...table("Signal", signal, defaults.POLL_DEFAULTS),
    "`errors` and `slow` are counted by the edge, every second; `slow` may have a threshold other than that of a guard.",
    "Any other signal has exactly one of `prometheus`, `otlp`, `http` and `command`.",
    "",
    ...table("Margin", margin, others.margin),
    ...table("Source prometheus", prometheus, defaults.PROMETHEUS_DEFAULTS),
    ...table("Source otlp", otlp),
    ...table("Metric", objectIn(metric)),
    ...table("Source http", http, defaults.HTTP_SOURCE_DEFAULTS),
  ];
}

function probeDefaults(): string[] {
  const rows = Object.entries(defaults.PROBE_DEFAULTS).map(([name, of]) => `- \`${name}\`: ${code(of)}`);
  return [
    "Defaults by probe; a timeout is never longer than its period, and the one that is written moves the other:",
    "",
    ...rows,
    "",
  ];
}

function images(): string[] {
  return [
    ...table("Dockerfile", dockerfileObject, { context: defaults.SOURCE_DEFAULTS.directory }),
    "Replicas are containers in a cluster, and on a host whose runner is `docker`. Where a service has a command and no image, one is made",
    `there: by its \`dockerfile\`, else from its files on \`base\`. A command that begins with \`node\` has the base ${code(defaults.NODE_BASE)}.`,
    "Processes of a host ignore both.",
    "",
  ];
}

function cluster(): string[] {
  return [
    ...table("Registry", registryObject),
    "Short form: the prefix.",
    "",
    ...table("Kubernetes", kubernetes, defaults.KUBERNETES_DEFAULTS),
    "Requests are shared by the gateway, in exact weights. Without one, replicas are the weights; clients from outside come by Ingress objects",
    "where a service has an `ingress`. A namespace longer than 63 characters is cut, with digits of its own.",
    "",
    ...table("Gateway", gatewayObject, defaults.GATEWAY_DEFAULTS),
    `A service with port 0 is called at port ${defaults.CLUSTER_PORT} in a cluster; \`port.host\` has no effect there, and a certificate is the ingress's.`,
    "",
  ];
}

function isRequired(schema: z.ZodType): boolean {
  return !schema.safeParse(undefined).success;
}

/** What may be written there, in a few words. */
function form(schema: z.ZodType): string {
  // A field that got its own description is a copy; its name stayed with the original.
  const { parent } = schema._zod as unknown as { parent?: z.ZodType };
  const id = z.globalRegistry.get(schema)?.id ?? (parent && z.globalRegistry.get(parent)?.id);
  if (id !== undefined) return id.toLowerCase();
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return form(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodUnion)
    return [...new Set(schema.options.map((option) => form(option as z.ZodType)))].join(" or ");
  if (schema instanceof z.ZodLiteral) return [...schema.values].map((value) => code(value)).join(" or ");
  if (schema instanceof z.ZodEnum) return schema.options.map((value) => code(value)).join(", ");
  if (schema instanceof z.ZodArray) return `list of ${form(schema.element as z.ZodType)}`;
  if (schema instanceof z.ZodRecord) return `{ name: ${form(schema.valueType as z.ZodType)} }`;
  if (schema instanceof z.ZodObject) return shapeOf(schema);
  if (schema instanceof z.ZodNumber) return "number";
  return schema instanceof z.ZodBoolean ? "true or false" : "text";
}

function shapeOf(schema: z.ZodObject): string {
  const keys = Object.keys(schema.shape);
  return keys.length > 4 ? "object" : `\`{ ${keys.join(", ")} }\``;
}

function objectIn(schema: z.ZodType): z.ZodObject {
  if (schema instanceof z.ZodObject) return schema;
  if (schema instanceof z.ZodOptional) return objectIn(schema.unwrap() as z.ZodType);
  const found =
    schema instanceof z.ZodUnion ? schema.options.find((option) => option instanceof z.ZodObject) : undefined;
  if (found === undefined) throw new Error("the schema has no long form here");
  return found as z.ZodObject;
}

/** The long form of what a record holds by name. */
function memberOf(schema: z.ZodType): z.ZodObject {
  if (schema instanceof z.ZodOptional) return memberOf(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodRecord) return objectIn(schema.valueType as z.ZodType);
  throw new Error("the schema has no names here");
}

function code(value: unknown): string {
  const text =
    typeof value === "string"
      ? value
      : JSON.stringify(value)
          .replaceAll('"', "")
          .replaceAll(/([:,])/g, "$1 ");
  return `\`${text}\``;
}
