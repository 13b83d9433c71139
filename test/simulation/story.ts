import { RELIABLE } from "../../src/targets/model/unreliable.js";
import { Broken, checkFacts, checkReplay, checkRest } from "./invariants.js";
import { People } from "./people.js";
import { Chance } from "./random.js";
import { World } from "./world.js";

export interface Story {
  readonly steps: number;
  readonly deaths: number;
  readonly outcomes: readonly string[];
}

/** After the last command and the last fault, this much virtual time is enough for everything to end. */
const CALM_MS = 30 * 60_000;

/** Tells one story from one seed; throws {@link Broken} with the rule that did not hold. */
export async function tell(seed: number): Promise<Story> {
  const chance = new Chance(seed);
  const world = new World(chance.next, { edgeMs: chance.of([0, 10, 300]) });
  const people = new People(chance);
  const outcomes: string[] = [];
  let steps = 0;
  await world.start();

  const step = async (): Promise<number | null> => {
    steps += 1;
    const deaths = world.deaths;
    const { result, facts, driver } = await world.step();
    checkFacts(world, facts, driver.observation);
    for (const { after, record } of facts)
      if (record.type === "deployment.finished@1") outcomes.push(String(after.deployment?.outcome));
    if (world.deaths > deaths) checkReplay(world);
    return result?.wakeAt ?? null;
  };
  const command = async (...args: Parameters<World["command"]>) => {
    const outcome = await world.command(...args);
    checkFacts(world, world.facts(), null);
    return outcome;
  };

  await command(people.nextRelease());
  const length = chance.between(20, 160);
  const faulty = chance.happens(0.7);
  for (let turn = 0; turn < length; turn++) {
    if (faulty && chance.happens(0.1)) disturb(world, chance);
    if (chance.happens(world.mirror.deployment?.outcome === null ? 0.06 : 0.2)) await wish();
    await step();
    world.now += chance.of([50, 200, 500, 1_000, 3_000]);
  }

  world.line.chances = RELIABLE;
  world.deadly = 0;
  world.gates = [];
  const end = world.now + CALM_MS;
  for (let quiet = 0; quiet < 3 && world.now < end; ) {
    const wakeAt = await step();
    const { deployment, next } = world.mirror;
    const over = (deployment === null || deployment.outcome !== null) && next === null && wakeAt === null;
    quiet = over ? quiet + 1 : 0;
    if (deployment?.outcome === null && deployment.paused !== null) await command({ kind: "resume" });
    else if (needsPerson(world)) await command({ kind: "abort", reason: "no verdict" });
    world.now += over ? 20_000 : 1_000;
  }
  checkRest(world);
  return { steps, deaths: world.deaths, outcomes };

  async function wish(): Promise<void> {
    const wanted = people.wish(world.mirror);
    const key = `wish-${steps}`;
    const saw = world.mirror.version;
    const first = await command(wanted, key, chance.happens(0.5) ? saw : null);
    if (first === null || chance.happens(0.2)) {
      const before = world.mirror.version;
      const again = await command(wanted, key, null);
      if (first?.kind === "accepted" && again?.kind === "accepted" && world.mirror.version !== before)
        throw new Broken(`the same key twice did something twice: ${wanted.kind}`);
    }
  }
}

function needsPerson(world: World): boolean {
  const { waiting } = world.driver;
  return (
    world.mirror.deployment?.cause === null &&
    waiting !== null &&
    waiting.sentence.includes("no verdict") &&
    waiting.until === null
  );
}

function disturb(world: World, chance: Chance): void {
  const calm = chance.happens(0.35);
  const some = () => (calm ? 0 : chance.of([0, 0, 0.1, 0.5]));
  world.line.chances = {
    observationLost: some(),
    observationStale: some(),
    applyLost: some(),
    answerLost: some(),
    applyRepeated: some(),
    signalsDown: some(),
  };
  world.deadly = calm ? 0 : chance.of([0, 0.01, 0.1]);
  if (chance.happens(0.1)) world.wallOffset += chance.between(-3_600_000, 3_600_000);
  const freeze = { name: "freeze", open: false, sentence: "frozen", until: null };
  world.gates = !calm && chance.happens(0.2) ? [freeze] : [];
  const names = Object.keys(world.mirror.services);
  if (chance.happens(0.4) && names.length > 0)
    world.model.environment(world.mirror.key).crash(chance.of(names), chance.between(0, 9), world.now);
}
