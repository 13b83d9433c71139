/** Questions to a person. A question that is cancelled with Ctrl-C rejects with `cli-cancelled`. */
export interface Ask {
  confirm(question: string, fallback: boolean): Promise<boolean>;
  text(question: string, fallback: string): Promise<string>;
  /** What is typed is not shown. */
  hidden(question: string): Promise<string>;
  choose(question: string, options: readonly string[]): Promise<string>;
}
