import http from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { WindlassError } from "../../../error.js";
import type { OtlpIntake } from "./intake.js";

/** Where OTLP/HTTP senders look by themselves. */
export const OTLP_ADDRESS = { host: "127.0.0.1", port: 4318 } as const;

export interface OtlpAddress {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

export interface OtlpListening extends OtlpAddress {
  /** `http://127.0.0.1:4318`, what OTEL_EXPORTER_OTLP_ENDPOINT is. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Gives the intake a port. It has no access control: whoever reaches the port can send counts, so it is this machine
 * only unless told otherwise. Rejects with `otlp-port-taken`, `otlp-listen-failed`.
 */
export async function listenForOtlp(intake: OtlpIntake, address: OtlpAddress = OTLP_ADDRESS): Promise<OtlpListening> {
  const server = http.createServer(
    { headersTimeout: 10_000, requestTimeout: 40_000, keepAliveTimeout: 65_000, maxHeaderSize: 16_384 },
    getRequestListener((request) => intake.handle(request), { overrideGlobalObjects: false }),
  );
  server.maxConnections = 256;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(explained(error, address)));
    server.listen(address.port, address.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return {
    host: address.host,
    port,
    url: `http://${host}:${port}`,
    async close() {
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await ended;
    },
  };
}

function explained(error: NodeJS.ErrnoException, { host, port }: OtlpAddress): WindlassError {
  if (error.code === "EADDRINUSE")
    return new WindlassError("otlp-port-taken", `port ${port} of ${host}, for OTLP, is taken by another program`, {
      hint: "WINDLASS_OTLP_PORT gives it another one; an OpenTelemetry Collector on this machine may have that.",
      cause: error,
    });
  return new WindlassError("otlp-listen-failed", `no OTLP at ${host}, port ${port}: ${error.message}`, {
    cause: error,
  });
}
