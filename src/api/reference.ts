import type { Route } from "./route.js";

/** `docs/reference/api.md`, from the table that is served. */
export function apiReference(routes: readonly Route[]): string {
  const rows = routes.map((route) => {
    const query = Object.keys(route.query.shape);
    const asked = `${route.path}${query.length === 0 ? "" : `?${query.map((name) => `${name}=`).join("&")}`}`;
    return `| \`${route.method.toUpperCase()} ${asked}\` | ${route.summary.replaceAll("|", "\\|")} |`;
  });
  return [
    "# The control plane's API",
    "",
    "Generated from `src/api/routes/`; `npx vitest run src/api -u` writes it anew.",
    "",
    "HTTP on a Unix socket that only its owner can open (`run/control.sock` in Windlass's home):",
    "",
    "```",
    "curl --unix-socket ~/.local/state/windlass/run/control.sock http://localhost/v1/about",
    "```",
    "",
    "| request | what it does |",
    "|---|---|",
    ...rows,
    "| `GET /v1/openapi.json` | The OpenAPI 3.1 document: every schema, from the code that validates. |",
    "",
    "An environment is named by its system and its own name. Bodies are JSON and may have 2 MiB, artefacts 2 GiB.",
    "Unknown keys are refused, with every problem and its place.",
    "",
    '- **Errors** are `{"error": {code, message, hint, retry, …}}`, the code also in the header `windlass-error`.',
    "  What nobody foresaw has the code `bug`; its trace is in the control plane's log only.",
    '- **A refused command** is no error: 409 with `{"kind": "refused", "refusal": …}`.',
    "- **Commands** carry an idempotency key: the same one again answers as before and does nothing.",
    "- **Streams** say something every 10 s: server-sent events a comment, NDJSON an empty line. A reader that takes",
    "  nothing for 30 s is disconnected. `follow` goes on after the event that `Last-Event-ID` names. An NDJSON stream",
    '  that goes wrong ends with a line `{"error": …}`.',
    "- **Protocol**: the header `windlass-protocol` says which version the asker speaks; this one and the one before",
    "  are understood, others are answered with 426.",
    "- **Browsers** are refused: requests with `Origin`, and hosts other than `windlass` and `localhost`.",
    "",
  ].join("\n");
}
