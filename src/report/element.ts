/** Text that is markup already. Everything else becomes text when it enters an element. */
export class Markup {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

export type Child = Markup | string | number | null | readonly Child[];
export type Attributes = Readonly<Record<string, string | number | null>>;

const VOID = new Set(["meta", "br", "hr", "img"]);

/** One element of HTML or SVG. Attributes that are null are left out; numbers have two decimals. */
export function element(name: string, attributes: Attributes, ...children: readonly Child[]): Markup {
  const written = Object.entries(attributes)
    .filter((entry): entry is [string, string | number] => entry[1] !== null)
    .map(([key, value]) => ` ${key}="${escaped(typeof value === "number" ? decimal(value) : value)}"`);
  const start = `<${name}${written.join("")}>`;
  return new Markup(VOID.has(name) ? start : `${start}${inside(children)}</${name}>`);
}

/** Markup and text in a row, without an element around it. */
export function together(...children: readonly Child[]): Markup {
  return new Markup(inside(children));
}

function inside(child: Child): string {
  if (child === null) return "";
  if (child instanceof Markup) return child.text;
  if (typeof child === "object") return child.map(inside).join("");
  return escaped(typeof child === "number" ? decimal(child) : child);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Safe as text and as a quoted attribute, in HTML and in XML. What XML has no place for (control characters, halves of
 * surrogate pairs) and what turns the direction of the text around it become a replacement character.
 */
export function escaped(text: string): string {
  return harmless(text).replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}

/** Without characters that are invisible and do something: for every format that a report is written in. */
export function harmless(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}|\p{Surrogate}|[\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu, "\ufffd");
}

export function decimal(value: number): string {
  return String(Number(value.toFixed(2)));
}
