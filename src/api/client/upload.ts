import http from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { WindlassError } from "../../error.js";
import { type Answer, answerOf, type Call, errorOf, explain, requestOptions } from "./call.js";

/** Streams bytes up, as fast as they are taken. `deadlineMs` is for each silence, not for the whole. */
export async function upload(socket: string, asked: Call, bytes: Readable): Promise<void> {
  const request = http.request(requestOptions(socket, asked, undefined));
  const answered = new Promise<Answer>((resolve, reject) => {
    request.on("response", (response) => answerOf(response).then(resolve, reject));
    request.on("close", () => reject(request.errored ?? new Error("closed without an answer")));
  });
  request.setTimeout(asked.deadlineMs, () =>
    request.destroy(
      new WindlassError("control-plane-timeout", `the control plane took nothing for ${asked.deadlineMs / 1000} s`, {
        retry: "safe",
      }),
    ),
  );
  // An answer before the end says that the bytes are not wanted: then the rest of them does not matter.
  const sent = pipeline(bytes, request);
  const first = await Promise.race([
    answered.then((answer) => ({ answer })),
    sent.then(
      () => null,
      (error: unknown) => ({ error }),
    ),
  ]);
  const answer = await settle(first, answered, sent).catch((error: unknown) => {
    throw explain(socket, error);
  });
  if (!request.destroyed) request.destroy();
  bytes.destroy();
  if (answer.status >= 400) throw errorOf(answer);
}

async function settle(
  first: { answer: Answer } | { error: unknown } | null,
  answered: Promise<Answer>,
  sent: Promise<void>,
): Promise<Answer> {
  // Whichever comes second has nothing to add to what came first.
  const ignore = () => undefined;
  sent.then(ignore, ignore);
  if (first !== null && "answer" in first) return first.answer;
  if (first === null) return answered;
  const answer = await answered.then((value) => value, ignore);
  if (answer !== undefined) return answer;
  throw first.error;
}
