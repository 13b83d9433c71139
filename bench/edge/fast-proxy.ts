import http from "node:http";
import fastProxy from "fast-proxy";

const [listen, upstream] = process.argv.slice(2);
const { proxy } = fastProxy({ base: `http://127.0.0.1:${upstream}`, undici: { connections: 256, pipelining: 1 } });
http.createServer((req, res) => proxy(req, res, req.url ?? "/", {})).listen(Number(listen), "127.0.0.1");
