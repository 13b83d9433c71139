import type { Context } from "hono";
import { streamAnswer } from "./answer.js";
import { Pump, type StreamForm, type StreamLimits } from "./pump.js";

/** How long a source may take to fail with a proper status; after it, the answer begins. */
const FIRST_MS = 200;

/**
 * Streams what a source yields. The source is read no faster than the reader reads; at most `bufferBytes` wait.
 * It ends when the source does, when the reader goes or stalls, and when the server closes.
 */
export async function streamFrom<T>(
  source: (signal: AbortSignal) => AsyncIterable<T>,
  form: StreamForm<T>,
  around: { readonly context: Context; readonly limits: StreamLimits; readonly closing: AbortSignal },
): Promise<Response> {
  const { context, limits, closing } = around;
  const ended = new AbortController();
  const end = () => ended.abort();
  const signals = [context.req.raw.signal, closing];
  for (const signal of signals) signal.addEventListener("abort", end, { once: true });
  const release = () => {
    for (const signal of signals) signal.removeEventListener("abort", end);
  };
  try {
    if (signals.some((signal) => signal.aborted)) end();
    const items = source(ended.signal)[Symbol.asyncIterator]();
    const first = items.next();
    await settledWithin(first, FIRST_MS);
    const pump = new Pump(items, first, form, limits, ended, () => disconnect(context));
    return streamAnswer(pump.stream(release), form.media);
  } catch (error) {
    end();
    release();
    throw error;
  }
}

/** Rejects when the promise does so in time; what it resolves to, and when, is for the reader of the stream. */
function settledWithin(promise: Promise<unknown>, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    promise.then(done, (error: unknown) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

/** Ends the connection at once: a reader that takes nothing would never see a polite end. */
function disconnect(context: Context): void {
  const env = context.env as { readonly incoming?: { readonly socket?: { destroy(): void } } } | undefined;
  env?.incoming?.socket?.destroy();
}
