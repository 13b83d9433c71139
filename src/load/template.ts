/** Headers of an answer, by lower-case name. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface Answer {
  readonly template: string;
  readonly status: number;
  readonly headers: AnswerHeaders;
}

/** A value, or one made for the n-th arrival of the whole load, counted from 0: for bodies that must be unique. */
export type PerArrival<T> = T | ((arrival: number) => T);

/** One kind of request. Of the arrivals, it gets the share `weight` of the sum of weights, evenly spread. */
export interface HttpTemplate {
  readonly kind?: "http";
  /** Unique in the mix. */
  readonly name: string;
  readonly weight: number;
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly path: PerArrival<string>;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string is sent as it is, anything else as JSON with its content type. */
  readonly body?: PerArrival<unknown>;
  /** What counts as good; default: a status from 200 to 399. */
  readonly accepts?: (answer: Answer) => boolean;
}

/**
 * A WebSocket that is held open. It is good when it opens, each message is answered by one, and it ends with our
 * close or with the server's polite one (1001 going away, 1012 restarting).
 */
export interface SocketTemplate {
  readonly kind: "websocket";
  readonly name: string;
  readonly weight: number;
  readonly path: PerArrival<string>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly holdMs: number;
  readonly message: string;
  readonly everyMs: number;
}

export type RequestTemplate = HttpTemplate | SocketTemplate;

export function perArrival<T>(value: PerArrival<T>, arrival: number): T {
  return typeof value === "function" ? (value as (arrival: number) => T)(arrival) : value;
}
