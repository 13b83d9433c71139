import { WindlassError } from "../../error.js";
import type { Environment } from "../home.js";
import type { Style } from "./style.js";
import { printable } from "./text.js";

/** How an error is shown. One that we do not know is a bug, and says so. */
export function failureText(error: unknown, style: Style, env: Environment): string {
  const lines = error instanceof WindlassError ? known(error, style) : bug(error, style);
  if (env.WINDLASS_DEBUG === "1" && error instanceof Error && error.stack !== undefined) lines.push("", error.stack);
  return `${lines.join("\n")}\n`;
}

function known(error: WindlassError, style: Style): string[] {
  const lines = [`${style.red(`${style.bad} ${printableLines(error.message)}`)} ${style.dim(`[${error.code}]`)}`];
  if (error.hint !== undefined) lines.push(`  ${printableLines(error.hint)}`);
  if (error.docs !== undefined) lines.push(`  See ${error.docs}.`);
  if (error.cause instanceof Error && error.cause.message !== error.message)
    lines.push(style.dim(`  Cause: ${printableLines(error.cause.message)}`));
  return lines;
}

function bug(error: unknown, style: Style): string[] {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return [
    style.red(`${style.bad} This is a bug in Windlass: ${printableLines(message)}`),
    "  Nothing that was acknowledged is lost, and what runs goes on.",
    "  Please report it to the issue tracker with what you typed; WINDLASS_DEBUG=1 adds the stack.",
  ];
}

function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n  ");
}
