// The least that a streaming reverse proxy on node:http and undici can be: what the edge's extras are measured against.
import http from "node:http";
import { type Dispatcher, Pool } from "undici";

const [listen, upstream] = process.argv.slice(2);
const pool = new Pool(`http://127.0.0.1:${upstream}`, { connections: 256, pipelining: 1 });

http
  .createServer((req, res) => {
    let abort: (() => void) | null = null;
    let resume = () => {};
    res.on("drain", () => resume());
    res.on("close", () => {
      if (!res.writableFinished) abort?.();
    });
    const { connection, "keep-alive": keepAlive, "transfer-encoding": chunked, ...headers } = req.headers;
    const hasBody = chunked !== undefined || req.headers["content-length"] !== undefined;
    pool.dispatch(
      {
        path: req.url ?? "/",
        method: req.method as Dispatcher.HttpMethod,
        headers,
        body: hasBody ? req : null,
      },
      {
        onConnect(cancel) {
          abort = cancel;
        },
        onHeaders(status, raw, again, text) {
          resume = again;
          const out: string[] = [];
          for (let at = 0; at < raw.length; at += 2) {
            const name = String(raw[at]);
            const lower = name.toLowerCase();
            if (lower === "connection" || lower === "keep-alive" || lower === "transfer-encoding") continue;
            out.push(name, String(raw[at + 1]));
          }
          res.writeHead(status, text, out);
          return true;
        },
        onData: (chunk) => res.write(chunk),
        onComplete() {
          res.end();
        },
        onError() {
          if (res.headersSent) res.destroy();
          else res.writeHead(502).end();
        },
      },
    );
  })
  .listen(Number(listen), "127.0.0.1");
