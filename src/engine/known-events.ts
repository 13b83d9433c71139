import type { EventRecord, KnownRecord } from "../core/model/event.js";
import type { DomainEvent } from "../core/model/events.js";
import { WindlassError } from "../error.js";

/** Every event type that this version writes or reads. The compiler checks that none is missing. */
const KNOWN: Readonly<Record<DomainEvent["type"], true>> = {
  "engine.started@1": true,
  "clock.jumped@1": true,
  "configuration.changed@1": true,
  "revision.registered@1": true,
  "deployment.requested@1": true,
  "deployment.started@1": true,
  "deployment.superseded@1": true,
  "deployment.paused@1": true,
  "deployment.resumed@1": true,
  "deployment.advanced@1": true,
  "deployment.turned@1": true,
  "deployment.finished@1": true,
  "rollout.started@1": true,
  "rollout.shaped@1": true,
  "stage.entered@1": true,
  "stage.observing@1": true,
  "stage.judged@1": true,
  "smoke.requested@1": true,
  "smoke.finished@1": true,
  "rollout.arrived@1": true,
  "rollout.returned@1": true,
  "group.removed@1": true,
  "hold.placed@1": true,
  "hold.lifted@1": true,
  "service.scaled@1": true,
  "environment.stopped@1": true,
};

/**
 * A stored event as this version understands it. Here is where `type@1` becomes `type@2` once there is one.
 * An unknown type rejects with `ledger-unknown-event`: the caller goes read-only instead of guessing.
 */
export function understand(record: EventRecord): KnownRecord {
  if (!Object.hasOwn(KNOWN, record.type))
    throw new WindlassError(
      "ledger-unknown-event",
      `event ${record.sequence} has the type ${record.type}, which this version does not know`,
      {
        hint: "start the version of Windlass that wrote it; this one only reads until then",
        facts: { sequence: record.sequence, stream: record.stream, type: record.type },
      },
    );
  return record as KnownRecord;
}
