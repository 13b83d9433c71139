import { WindlassError } from "../error.js";
import { layerEnvironments } from "./layers/environments.js";
import { isSecret } from "./layers/overlay.js";
import { isObject, type Origin, type Traced } from "./layers/trace.js";
import { plainDataProblems } from "./plain-data.js";
import { suggestion } from "./problem.js";

export interface EffectiveField {
  /** `services.api.strategy.maxSurge`. */
  readonly field: string;
  /** As a person writes it; a secret is `secret(name)`, nothing is `none`. */
  readonly value: string;
  /** Its layer, and the path to it in what the user wrote (for a default: to what is around it). */
  readonly origin: Origin;
}

/** Fields that are shown although they have neither a value nor a default. */
const OPTIONAL = ["port", "environment", "cpu", "memory", "source", "uses", "after", "analysis"] as const;

/**
 * Every field of one environment with its effective value and the layer that decided it, in the order of the
 * schema's defaults. Throws `spec-unknown-environment`, and `spec-invalid` for what is not a spec at all.
 */
export function effective(authored: unknown, environment: string): readonly EffectiveField[] {
  if (!isObject(authored) || plainDataProblems(authored).length > 0)
    throw new WindlassError("spec-invalid", "The spec is not valid.", { hint: "See: windlass check" });
  const { layered } = layerEnvironments(authored);
  const found = layered.find(({ name }) => name === environment);
  if (found === undefined)
    throw new WindlassError("spec-unknown-environment", `There is no environment "${environment}".`, {
      hint: suggestion(
        environment,
        layered.map(({ name }) => name),
      ),
    });
  const rows: EffectiveField[] = [];
  list(found.full, [], rows);
  return rows;
}

function list(node: Traced, field: readonly string[], rows: EffectiveField[]): void {
  const row = (name: readonly string[], value: string, origin: Origin) =>
    rows.push({ field: name.join("."), value, origin });
  const { members } = node;
  if (members === null) {
    row(field, text(node.value), node.origin);
    return;
  }
  const secret = isSecret(field) ? members.get("secret") : undefined;
  if (secret !== undefined) {
    row(
      field,
      `secret(${String(secret.value)})${members.has("generate") ? ", generated when not set" : ""}`,
      node.origin,
    );
    return;
  }
  if (members.size === 0) row(field, "none", node.origin);
  for (const [key, member] of members) list(member, [...field, key], rows);
  if (field[0] !== "services") return;
  const origin: Origin = { layer: { kind: "default" }, path: node.origin.path };
  const isSignal = field.length === 5 && field[2] === "analysis";
  if (isSignal && field[4] === "slow" && !members.has("slowerThan")) row([...field, "slowerThan"], "learned", origin);
  if (isSignal && !members.has("objective")) row([...field, "objective"], "none", origin);
  if (field.length !== 2) return;
  for (const key of OPTIONAL) if (!members.has(key)) row([...field, key], "none", origin);
}

function text(value: unknown): string {
  if (value === false) return "none";
  if (typeof value === "string") return value;
  return Array.isArray(value) && value.length === 0 ? "none" : JSON.stringify(value);
}

/** `default`, `system`, `environment production`, `extends staging`. */
export function originText(origin: Origin): string {
  return "name" in origin.layer ? `${origin.layer.kind} ${origin.layer.name}` : origin.layer.kind;
}
