import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { Block } from "../../../core/model/judgement.js";
import type { ControlPlane } from "../../../engine/control-plane.js";
import { understand } from "../../../engine/known-events.js";
import { WindlassError } from "../../../error.js";
import { type PastRollout, pastRollout } from "../../../simulate/past.js";
import { type Recorded, replay } from "../../../simulate/replay.js";
import type { Cli } from "../../context.js";
import { json, next, say } from "../../output.js";
import { replayLines } from "../../render/replay-lines.js";
import { styleOf } from "../../render/style.js";
import { countedBlocks } from "./counted.js";
import type { About } from "./rehearse.js";

interface Asked {
  readonly json: boolean;
  readonly replay?: string;
  readonly recorded?: string;
}

const HOUR_MS = 3_600_000;
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** "Would this have caught it?", beside what happened. */
export async function replayPast(cli: Cli, about: About, asked: Asked): Promise<void> {
  const file = asked.recorded === undefined ? null : await readRecorded(path.resolve(cli.cwd, asked.recorded));
  const plane = asked.replay === undefined ? null : await cli.connect();
  const past = plane === null ? null : await pastOf(plane, about, asked.replay as string);
  const recorded =
    file !== null ? ofFile(file, past) : await ofPlane(plane as ControlPlane, about, past as PastRollout);
  const result = replay(about.service, recorded);
  if (asked.json) {
    json(cli, { environment: about.key, service: about.service.name, past, blockMs: recorded.blockMs, ...result });
    return;
  }
  for (const line of replayLines(about.service, recorded, result, past, styleOf(cli.terminal))) say(cli, line);
  next(cli, "change `analysis` or `guards` in the spec and replay it again");
}

async function pastOf(plane: ControlPlane, about: About, deployment: string): Promise<PastRollout> {
  const facts = [];
  const PAGE = 1000;
  for (let version = 0; ; ) {
    const page = await plane.history(about.key, version, PAGE);
    for (const record of page) facts.push({ at: record.at, event: understand(record) });
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) break;
    version = last.version;
  }
  const { now } = await plane.environment(about.key);
  const past = pastRollout(facts, deployment, about.service.name, now);
  if (past === null)
    throw new WindlassError("cli-replay-nothing", `${deployment} sent no requests to a new ${about.service.name}.`, {
      hint: "`windlass history` lists the deployments",
    });
  return past;
}

/** Seconds while all of them are kept, else minutes. */
async function ofPlane(plane: ControlPlane, about: About, past: PastRollout): Promise<Recorded> {
  const { stable, canary, since, until } = past;
  const range = { service: about.service.name, from: since - HOUR_MS, to: until + 1_000 };
  const seconds = await countedBlocks(plane, about.key, { ...range, resolution: "second" });
  const minutes = await countedBlocks(plane, about.key, { ...range, resolution: "minute" });
  const firstOf = (blocks: readonly Block[]) => blocks.find(({ group, total }) => group === canary && total > 0)?.at;
  const [second, minute] = [firstOf(seconds), firstOf(minutes)];
  if (second === undefined && minute === undefined)
    throw new WindlassError("cli-replay-no-series", `What ${past.deployment} answered is not kept any more.`, {
      hint: "minutes are kept for two days; counts that were saved elsewhere go in with --recorded <file>",
    });
  // Dropped seconds leave a minute in which there are none.
  return second !== undefined && second < (minute ?? second) + 60_000
    ? { stable, canary, since, blocks: seconds, blockMs: 1_000 }
    : { stable, canary, since, blocks: minutes, blockMs: 60_000 };
}

const BLOCK = z.object({
  at: z.number(),
  group: z.string(),
  replica: z.string(),
  total: z.number().int().nonnegative(),
  errors: z.number().int().nonnegative(),
  slow: z.number().int().nonnegative().default(0),
  restarts: z.number().int().nonnegative().default(0),
  latencies: z.record(z.string(), z.number()).optional(),
});
const FILE = z.object({
  stable: z.string().nullable().optional(),
  canary: z.string().optional(),
  since: z.number().optional(),
  blockMs: z.union([z.literal(1_000), z.literal(60_000)]).default(1_000),
  blocks: z.array(BLOCK),
});
type RecordedFile = z.infer<typeof FILE>;

async function readRecorded(file: string): Promise<RecordedFile> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new WindlassError("cli-recorded", `${file} cannot be read.`, { cause });
  });
  const refused = (why: string, cause?: unknown) =>
    new WindlassError("cli-recorded", `${file} has no recorded counts: ${why}`, {
      hint: '{"stable": "r1", "canary": "r2", "blocks": [{"at": 0, "group": "r2", "replica": "a", "total": 9, "errors": 1}]}',
      cause,
    });
  if (bytes.length > MAX_FILE_BYTES) throw refused("it is too large");
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw refused("it is not JSON", cause);
  }
  const parsed = FILE.safeParse(Array.isArray(value) ? { blocks: value } : value);
  if (!parsed.success) throw refused(z.prettifyError(parsed.error));
  return parsed.data;
}

/** The file says which group is which, or the deployment does. */
function ofFile(file: RecordedFile, past: PastRollout | null): Recorded {
  const canary = file.canary ?? past?.canary;
  const stable = file.stable ?? past?.stable;
  if (canary === undefined)
    throw new WindlassError("cli-recorded", "Which group of the recorded counts is the new release?", {
      hint: 'name them in the file ("stable": "r1", "canary": "r2"), or the deployment with --replay',
    });
  const blocks = file.blocks as readonly Block[];
  const first = blocks.reduce(
    (least, { group, at, total }) => (group === canary && total > 0 ? Math.min(least, at) : least),
    Number.POSITIVE_INFINITY,
  );
  if (first === Number.POSITIVE_INFINITY)
    throw new WindlassError("cli-recorded", `The recorded counts have no request to ${canary}.`);
  return { stable: stable ?? null, canary, since: file.since ?? past?.since ?? first, blocks, blockMs: file.blockMs };
}
