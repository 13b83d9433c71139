/** What the shell gets; documented in docs/reference/cli.md. */
export const EXIT = {
  done: 0,
  bug: 1,
  /** Invalid use, or a spec with problems, or what was asked cannot be done now. */
  invalid: 2,
  rolledBack: 3,
  /** Failed, and a person has to look. */
  failed: 4,
  /** It goes on only when a person, or a gate, lets it. */
  waiting: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
