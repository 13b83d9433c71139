import type { ProbeSubject } from "../../ports/signal-provider.js";
import type { SourceToken } from "../../spec/compiled.js";
import { unanswered } from "./unanswered.js";

/** Gives a secret's value; rejects with a WindlassError that names the secret when there is none. */
export type SecretLookup = (environment: string, name: string) => Promise<string>;

/** A bearer token's header, and how to keep its value out of what the other side says. */
export interface Bearer {
  readonly headers: Readonly<Record<string, string>>;
  conceal(text: string): string;
}

/** Looks the value up for every measurement, so that a new one is used at once. */
export async function bearer(token: SourceToken, subject: ProbeSubject, secret: SecretLookup): Promise<Bearer> {
  if (token === null) return { headers: {}, conceal: (text) => text };
  const value = (await secret(subject.environment, token)).trim();
  if (!/^[\x21-\x7e]+$/.test(value))
    throw unanswered(`the secret ${token} is no bearer token: one line without spaces`);
  return {
    headers: { authorization: `Bearer ${value}` },
    conceal: (text) => text.replaceAll(value, "•••"),
  };
}
