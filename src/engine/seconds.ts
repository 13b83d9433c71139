import type { Block } from "../core/model/judgement.js";
import type { SignalReading } from "../ports/target.js";

export type ServiceBlock = Block & { readonly service: string };

/** One second that is over, of every service. */
export interface FinalSecond {
  /** Engine milliseconds of its start. */
  readonly at: number;
  /** By service; one without requests has none. */
  readonly blocks: ReadonlyMap<string, readonly Block[]>;
}

const NOTHING: ReadonlyMap<string, readonly Block[]> = new Map();
/** Engines sleep with their machines: of a longer gap the last day is gone through. */
const LONGEST_GAP_MS = 24 * 3_600_000;
/** No source is so far ahead of what is final; one that is has a bug, and must not fill the memory. */
const MOST_RUNNING = 900;

/**
 * Puts the blocks of readings together to seconds that are over: each comes out once, in order, also one in which
 * nobody answered. What a source sends of a second that came out already is too late. In memory is the running second.
 */
export class FinalSeconds {
  #to: number | null = null;
  #running = new Map<number, Map<string, ServiceBlock>>();

  /** Engine milliseconds: every second before it came out; null: none did yet. */
  get to(): number | null {
    return this.#to;
  }

  /** Takes a reading; the first one says where the seconds begin. The result is over before the next call. */
  add(reading: SignalReading): readonly FinalSecond[] {
    const from = this.#to ?? reading.completeTo;
    const to = Math.max(from, reading.completeTo);
    for (const block of reading.blocks) if (block.at >= from) this.#keep(block);
    this.#to = to;
    const seconds: FinalSecond[] = [];
    for (let at = Math.max(from, to - LONGEST_GAP_MS); at < to; at += 1_000)
      seconds.push({ at, blocks: this.#take(at) });
    for (const at of this.#running.keys()) if (at < to) this.#running.delete(at);
    return seconds;
  }

  /** Nobody judges any more: the next reading begins anew. */
  clear(): void {
    this.#to = null;
    this.#running.clear();
  }

  #keep(block: ServiceBlock): void {
    const second = this.#running.get(block.at);
    const key = `${block.service}\n${block.group}\n${block.replica}`;
    if (second !== undefined) second.set(key, block);
    else if (this.#running.size < MOST_RUNNING) this.#running.set(block.at, new Map([[key, block]]));
  }

  #take(at: number): FinalSecond["blocks"] {
    const second = this.#running.get(at);
    if (second === undefined) return NOTHING;
    this.#running.delete(at);
    const services = new Map<string, Block[]>();
    for (const block of second.values()) {
      const known = services.get(block.service);
      if (known !== undefined) known.push(block);
      else services.set(block.service, [block]);
    }
    return services;
  }
}
