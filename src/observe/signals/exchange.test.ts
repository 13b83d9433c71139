import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { FakeServer } from "../../../test/contract/signal-web-worlds.js";
import { ANSWER_BYTES, Exchange } from "./exchange.js";

const never = new AbortController().signal;
const exchange = new Exchange();
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const get = (url: string, signal = never) =>
  exchange.ask({ method: "GET", url: new URL(`${url}/counts?key=secret`), headers: {} }, signal);

async function fake(answer: ConstructorParameters<typeof FakeServer>[0]): Promise<FakeServer> {
  const server = await new FakeServer(answer).listen();
  ends.push(() => server.close());
  return server;
}

/** A server that writes these bytes to whoever connects, and hangs up. */
async function raw(bytes: string): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(bytes));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(async () => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it("asks again when nobody listens, and finds who came meanwhile", async () => {
  const server = await fake((_request, _body, response) => response.end("here"));
  await server.close();
  const asked = get(server.url);
  await server.listen();
  expect((await asked).text).toBe("here");
});

it("says who does not listen when nobody comes", async () => {
  const server = await fake(() => {});
  await server.close();
  await expect(get(server.url)).rejects.toThrow(`nobody listens at ${new URL(server.url).host}`);
});

it("gets over a 503 that goes away", async () => {
  let times = 0;
  const server = await fake((_request, _body, response) => {
    times += 1;
    response.statusCode = times === 1 ? 503 : 200;
    response.end(String(times));
  });
  expect(await get(server.url)).toMatchObject({ status: 200, text: "2" });
});

it("reads no more than is sensible, of however large an answer", async () => {
  const server = await fake((_request, _body, response) => {
    const chunk = Buffer.alloc(64 * 1024);
    const more = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", more);
    more();
  });
  await expect(get(server.url)).rejects.toThrow(
    `${server.url}/counts answered with more than ${ANSWER_BYTES / 1024 ** 2} MiB`,
  );
});

it("says that an answer broke off", async () => {
  const url = await raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{");
  await expect(get(url)).rejects.toThrow(`${new URL(url).host} broke the connection off`);
});

it("says that somebody does not speak HTTP, and shows no query", async () => {
  const url = await raw("220 mail.example ESMTP\r\n");
  const refused = await get(url).catch((error: Error) => error.message);
  expect(refused).toContain(`${new URL(url).host} could not be asked`);
  expect(refused).not.toContain("secret");
});

it("says that a name is not known", async () => {
  await expect(get("http://prometheus.invalid")).rejects.toThrow("the name prometheus.invalid is not known");
});

it("ends with the signal's reason, in the middle of an answer", async () => {
  const told = new AbortController();
  const server = await fake((_request, _body, response) => {
    response.write("{");
    told.abort(new Error("enough"));
  });
  await expect(get(server.url, told.signal)).rejects.toThrow("enough");
});
