import { WindlassError } from "../../error.js";
import type { Ask } from "./ask.js";

/** Asks with @clack/prompts, which is loaded with the first question. */
export const clack: Ask = {
  async confirm(question, fallback) {
    const { confirm, isCancel } = await import("@clack/prompts");
    const answer = await confirm({ message: question, initialValue: fallback });
    if (isCancel(answer)) throw cancelled();
    return answer;
  },
  async text(question, fallback) {
    const { text, isCancel } = await import("@clack/prompts");
    const answer = await text({ message: question, initialValue: fallback, defaultValue: fallback });
    if (isCancel(answer)) throw cancelled();
    return answer;
  },
  async hidden(question) {
    const { password, isCancel } = await import("@clack/prompts");
    const answer = await password({ message: question });
    if (isCancel(answer)) throw cancelled();
    return answer;
  },
  async choose(question, options) {
    const { select, isCancel } = await import("@clack/prompts");
    const answer = await select({ message: question, options: options.map((value) => ({ value, label: value })) });
    if (isCancel(answer)) throw cancelled();
    return answer;
  },
};

function cancelled(): WindlassError {
  return new WindlassError("cli-cancelled", "Cancelled; nothing was changed.");
}
