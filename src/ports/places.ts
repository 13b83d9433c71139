import path from "node:path";

/** Where one Windlass installation keeps its state; everything below is readable by its owner only (0700). */
export interface Places {
  readonly home: string;
  readonly ledger: string;
  readonly series: string;
  /** Archives by digest: `<sha256 hex>.tar`. */
  readonly artefacts: string;
  /** The daemon's: intents, adopted processes, unpacked artefacts, logs, resources, secrets. */
  readonly daemon: string;
  readonly controlSocket: string;
  readonly daemonSocket: string;
  readonly edgeSocket: string;
  /** What the three processes print, size limited. */
  readonly logs: string;
}

/**
 * `sockets` is a directory for Unix sockets when `home` is too long for one (108 bytes on Linux, 104 on macOS);
 * the composition root picks it and creates it with 0700.
 */
export function placesIn(home: string, sockets: string = path.join(home, "run")): Places {
  return {
    home,
    ledger: path.join(home, "ledger"),
    series: path.join(home, "series"),
    artefacts: path.join(home, "artefacts"),
    daemon: path.join(home, "daemon"),
    controlSocket: path.join(sockets, "control.sock"),
    daemonSocket: path.join(sockets, "daemon.sock"),
    edgeSocket: path.join(sockets, "edge.sock"),
    logs: path.join(home, "logs"),
  };
}

/** The file of an archive in {@link Places.artefacts}: the control plane writes it, the daemon reads it. */
export function archiveFile(artefacts: string, digest: string): string {
  return path.join(artefacts, `${digest.replace(/^sha256:/, "")}.tar`);
}
