import http from "node:http";
import httpProxy from "http-proxy-3";

const [listen, upstream] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${upstream}`, agent });
http.createServer((req, res) => proxy.web(req, res)).listen(Number(listen), "127.0.0.1");
