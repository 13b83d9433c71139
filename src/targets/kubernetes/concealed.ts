import type { ServiceObservation } from "../../core/model/observation.js";

/** Observations whose texts hold no secret: last lines and answers of probes become events. */
export function concealed(
  services: Readonly<Record<string, ServiceObservation>>,
  conceal: (text: string) => string,
): Readonly<Record<string, ServiceObservation>> {
  const maybe = (text: string | null): string | null => (text === null ? null : conceal(text));
  return Object.fromEntries(
    Object.entries(services).map(([name, service]) => {
      const groups = Object.entries(service.groups).map(([id, group]) => {
        const replicas = group.replicas.map((replica) =>
          replica.probe === null && replica.lastExit === null
            ? replica
            : {
                ...replica,
                probe: maybe(replica.probe),
                lastExit: replica.lastExit && {
                  ...replica.lastExit,
                  message: conceal(replica.lastExit.message),
                  lastLines: replica.lastExit.lastLines.map(conceal),
                },
              },
        );
        const late = group.late === undefined ? {} : { late: conceal(group.late) };
        return [id, { ...group, replicas, problem: maybe(group.problem), ...late }];
      });
      return [name, { ...service, groups: Object.fromEntries(groups) }];
    }),
  );
}
