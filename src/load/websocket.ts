import { type Dispatcher, WebSocket } from "undici";
import { perArrival, type SocketTemplate } from "./template.js";

export interface SocketOutcome {
  readonly good: boolean;
  readonly reason: string;
  readonly bytes: number;
}

export interface SocketCounts {
  messages: number;
  echoes: number;
  closedByServer: number;
}

const GOING_AWAY = 1001;
const RESTARTING = 1012;

export interface SocketEnd {
  /** Closes it politely. */
  readonly close: AbortSignal;
  /** Gives up on it. */
  readonly abandon: AbortSignal;
}

/** How long a message may wait for its answer after the socket was held long enough. */
const PATIENCE_MS = 5000;

/** Opens one WebSocket, exchanges messages while it is held, and closes it. Never rejects. */
export function holdSocket(
  template: SocketTemplate,
  arrival: number,
  dispatcher: Dispatcher,
  origin: string,
  end: SocketEnd,
  counts: SocketCounts,
): Promise<SocketOutcome> {
  return new Promise((resolve) => {
    const url = new URL(perArrival(template.path, arrival), origin.replace(/^http/, "ws"));
    const socket = new WebSocket(url, { dispatcher, headers: { ...template.headers } });
    let opened = false;
    let closing = false;
    let waiting = 0;
    let bytes = 0;
    let timer: NodeJS.Timeout | null = null;
    let begin = 0;

    const close = () => {
      closing = true;
      if (opened) socket.close(1000);
    };
    const settle = (good: boolean, reason: string) => {
      if (timer !== null) clearTimeout(timer);
      end.close.removeEventListener("abort", close);
      end.abandon.removeEventListener("abort", abandon);
      resolve({ good, reason, bytes });
    };
    const abandon = () => settle(false, "socket still open when the load ended");
    const talk = () => {
      const held = performance.now() - begin;
      if (held >= template.holdMs && (waiting === 0 || held >= template.holdMs + PATIENCE_MS)) {
        if (waiting > 0) settle(false, "socket message unanswered");
        return close();
      }
      if (held < template.holdMs) {
        waiting += 1;
        counts.messages += 1;
        socket.send(template.message);
      }
      timer = setTimeout(talk, template.everyMs);
    };
    socket.addEventListener("open", () => {
      opened = true;
      begin = performance.now();
      if (closing) close();
      else talk();
    });
    socket.addEventListener("message", (event) => {
      waiting = Math.max(0, waiting - 1);
      counts.echoes += 1;
      bytes += String(event.data).length;
    });
    socket.addEventListener("close", ({ code }) => {
      const polite = !closing && (code === GOING_AWAY || code === RESTARTING);
      if (opened && polite) counts.closedByServer += 1;
      if (!opened) settle(false, "socket did not open");
      else settle(closing || polite, `socket closed with ${code}`);
    });
    end.close.addEventListener("abort", close, { once: true });
    end.abandon.addEventListener("abort", abandon, { once: true });
  });
}
