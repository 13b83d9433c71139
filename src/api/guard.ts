import type { MiddlewareHandler } from "hono";
import { WindlassError } from "../error.js";
import { API_PROTOCOL, PROTOCOL_HEADER, SOCKET_HOST } from "./protocol.js";

/** Names that a page in a browser cannot have: whoever sends another one was led here by somebody else's DNS. */
const HOSTS = new Set([SOCKET_HOST, "localhost"]);

/** Refuses browsers, foreign hosts, and protocols other than N and N-1, before anything is read. */
export const guard: MiddlewareHandler = async (context, next) => {
  if (context.req.header("origin") !== undefined)
    throw new WindlassError("api-origin-refused", "web pages may not talk to the control plane");
  const host = new URL(context.req.url).hostname;
  if (!HOSTS.has(host))
    throw new WindlassError("api-host-refused", `${host} is not this control plane`, {
      hint: `send Host: ${SOCKET_HOST}, or localhost`,
    });
  const asked = context.req.header(PROTOCOL_HEADER) ?? String(API_PROTOCOL);
  const spoken = [API_PROTOCOL, API_PROTOCOL - 1].filter((version) => version > 0);
  if (!spoken.map(String).includes(asked))
    throw new WindlassError(
      "api-protocol-unsupported",
      `this control plane does not speak protocol ${asked.slice(0, 20)}`,
      {
        hint: `it speaks ${spoken.join(" and ")}; \`windlass doctor\` compares versions`,
        facts: { spoken },
      },
    );
  await next();
};
