import fs from "node:fs";
import https from "node:https";
import os from "node:os";
import path from "node:path";
import tls from "node:tls";
import { expect, test } from "vitest";
import { oneCertificate, oneKey, twoCertificate, twoKey } from "../../../../test/edge/certificates.js";
import { afterStory, ask, edgeWith, replica, until } from "../../../../test/edge/story.js";

function certificateFiles() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "windlass-edge-"));
  afterStory(() => fs.rmSync(directory, { recursive: true }));
  const files = { certificate: path.join(directory, "tls.crt"), key: path.join(directory, "tls.key") };
  const write = (certificate: string, key: string) => {
    fs.writeFileSync(files.certificate, certificate);
    fs.writeFileSync(files.key, key);
  };
  return { files, write };
}

/** The name in the certificate that a new connection is shown. */
function shown(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

test("HTTPS from files: a changed certificate is taken, a bad one is not and is reported", async () => {
  const one = await replica("one", (req, res) => void res.end(String(req.headers["x-forwarded-proto"])));
  const { files, write } = certificateFiles();
  write(oneCertificate, oneKey);
  const { edge, story } = edgeWith();
  const port = await story({ weights: { r1: 100 }, groups: { r1: [one.port] }, tls: files });
  const secure = { agent: new https.Agent({ rejectUnauthorized: false }) };
  const answer = new Promise<string>((resolve, reject) => {
    https
      .get({ host: "127.0.0.1", port, ...secure }, (response) => response.on("data", (chunk) => resolve(String(chunk))))
      .on("error", reject);
  });
  expect(await answer).toBe("https");
  secure.agent.destroy();
  expect(await shown(port)).toBe("one.test");

  write(twoCertificate, twoKey);
  await until(async () => (await shown(port)) === "two.test");

  write(oneCertificate, twoKey);
  await until(async () => /reload_failures_total\{[^}]*\} [1-9]/.test(await edge.metrics()));
  expect(await shown(port)).toBe("two.test");
  expect(await edge.metrics()).toMatch(/certificate_expiry_timestamp_seconds\{service="test\/test\/web"\} 4\d{9}/);
});

test("a table with a certificate that cannot be read is refused, and the one before stays", async () => {
  const one = await replica("one");
  const { edge, story } = edgeWith();
  const port = await story({ weights: { r1: 100 }, groups: { r1: [one.port] } });
  const { files } = certificateFiles();
  const refused = story({ weights: { r1: 100 }, groups: { r1: [one.port] }, tls: files });
  await expect(refused).rejects.toMatchObject({ code: "edge-certificate-invalid" });
  expect(edge.status().generation).toBe(1);
  expect((await ask(port)).body).toBe("one");
});

test("the same listener can turn from HTTP to HTTPS", async () => {
  const one = await replica("one");
  const { files, write } = certificateFiles();
  write(oneCertificate, oneKey);
  const { story } = edgeWith();
  const port = await story({ weights: { r1: 100 }, groups: { r1: [one.port] } });
  expect((await ask(port)).body).toBe("one");
  await story({ weights: { r1: 100 }, groups: { r1: [one.port] }, tls: files });
  expect(await shown(port)).toBe("one.test");
});
