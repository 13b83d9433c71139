import { chmodSync, linkSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { ownSocket } from "../../test/api/stories.js";

const own = ownSocket();

describe("the socket", () => {
  const about = async () => ({ version: "1", protocol: 1, pid: 1, home: "/h" });

  test("can be opened by its owner only", async () => {
    await own.serve({ about });
    expect(statSync(own.file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(own.file)).mode & 0o777).toBe(0o700);
  });

  test("of a process that died is replaced; a live one is refused and goes on", async () => {
    const listening = await own.serve({ about });
    await expect(own.serve({ about })).rejects.toMatchObject({ code: "control-plane-running" });
    expect((await own.client().about()).version).toBe("1");
    await listening.close();

    await leaveSocketFile();
    await own.serve({ about });
    expect((await own.client().about()).version).toBe("1");
  });

  /** As kill -9 does: a socket file that nobody listens on. */
  async function leaveSocketFile(): Promise<void> {
    const aside = `${own.file}.x`;
    const server = http.createServer().listen(aside);
    await new Promise((resolve) => server.once("listening", resolve));
    linkSync(aside, own.file);
    await new Promise((resolve) => server.close(resolve));
  }

  test("a file that is no socket is left alone", async () => {
    await (await own.serve({ about })).close();
    writeFileSync(own.file, "mine");
    await expect(own.serve({ about })).rejects.toMatchObject({ code: "api-socket-taken" });
  });

  test("a directory that others can enter is refused", async () => {
    mkdirSync(path.dirname(own.file));
    chmodSync(path.dirname(own.file), 0o755);
    await expect(own.serve({ about })).rejects.toMatchObject({ code: "api-socket-directory" });
  });

  test("closing lets a running call finish", async () => {
    let answer: (findings: []) => void = () => undefined;
    let asked: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const listening = await own.serve({
      doctor: () => {
        asked();
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
    });
    const findings = own.client().doctor();
    await arrived;
    const closed = listening.close(30_000);
    answer([]);
    expect(await findings).toEqual([]);
    await closed;
  });
});
