import { expect, test } from "vitest";
import { systemdUnit } from "./systemd.js";

const options = {
  home: "/var/lib/my services/100%",
  sockets: "/run/windlass",
  node: "/usr/bin/node",
  boot: "/opt/windlass/dist/targets/host/daemon/boot.js",
  user: "deploy",
};

test("the unit starts the watcher, leaves the others alone when that is killed, and quotes what systemd would expand", () => {
  const unit = systemdUnit(options);
  expect(unit).toContain(
    'ExecStart=/usr/bin/node /opt/windlass/dist/targets/host/daemon/boot.js --home "/var/lib/my services/100%%" --sockets /run/windlass\n',
  );
  expect(unit).toContain("KillMode=process\n");
  expect(unit).toContain("User=deploy\n");
  expect(unit).toContain("WantedBy=multi-user.target\n");
});

test("a user's own unit names no user", () => {
  const unit = systemdUnit({ ...options, user: null });
  expect(unit).not.toContain("User=");
  expect(unit).toContain("WantedBy=default.target\n");
});
