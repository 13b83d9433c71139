export interface UnitOptions {
  readonly home: string;
  readonly sockets: string;
  /** Absolute path of Node.js. */
  readonly node: string;
  /** Absolute path of the compiled `targets/host/daemon/boot.js`. */
  readonly boot: string;
  /** Null: a unit of the user's own manager (`systemctl --user`). */
  readonly user: string | null;
}

/**
 * The systemd unit that brings everything back after a reboot. It runs the watcher, not the daemon: the watcher finds
 * or starts the daemon and does so again whenever it is gone. `KillMode=process` leaves daemon, edge and replicas alone
 * when the watcher is killed or upgraded; a stop of the unit is a SIGTERM, on which the watcher ends everything politely.
 */
export function systemdUnit(options: UnitOptions): string {
  const command = [options.node, options.boot, "--home", options.home, "--sockets", options.sockets]
    .map(quoted)
    .join(" ");
  const lines = [
    "[Unit]",
    "Description=Windlass: services, their databases and the edge",
    "After=network-online.target",
    "Wants=network-online.target",
    "",
    "[Service]",
    "Type=exec",
    `ExecStart=${command}`,
    ...(options.user === null ? [] : [`User=${options.user}`]),
    "Restart=always",
    "RestartSec=1",
    "KillMode=process",
    "# Replicas may be limited by control groups of their own.",
    "Delegate=yes",
    "TimeoutStopSec=120",
    "LimitNOFILE=65536",
    "UMask=0077",
    "",
    "[Install]",
    `WantedBy=${options.user === null ? "default.target" : "multi-user.target"}`,
    "",
  ];
  return lines.join("\n");
}

/** systemd splits at spaces and expands `%` and `$`. */
function quoted(text: string): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /[\s"'\\]/.test(text) ? `"${escaped}"` : escaped;
}
