import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { WindlassError } from "../../error.js";

export type Credentials =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** A refresh token, as `docker login` keeps it for some registries. */
  | { readonly kind: "identity"; readonly token: string };

/** The credentials for a registry's host; null: it is asked without any. */
export type CredentialSource = (registry: string) => Promise<Credentials | null>;

interface DockerConfig {
  readonly auths?: Readonly<Record<string, { readonly auth?: string; readonly identitytoken?: string }>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const HELPER_DEADLINE_MS = 30_000;
const MAX_HELPER_OUTPUT = 64 * 1024;

/** What `docker login` has kept: `config.json` of DOCKER_CONFIG or `~/.docker`, and the helpers that it names. */
export function dockerCredentials(env: Environment): CredentialSource {
  return async (registry) => {
    const server = registry === "docker.io" ? "https://index.docker.io/v1/" : registry;
    const config = await readConfig(env);
    const helper = config.credHelpers?.[server] ?? config.credsStore;
    if (helper !== undefined && helper !== "") return askHelper(helper, server, env);
    const entries = Object.entries(config.auths ?? {});
    const entry = entries.find(([name]) => hostOf(name) === hostOf(server))?.[1];
    if (entry?.identitytoken !== undefined && entry.identitytoken !== "")
      return { kind: "identity", token: entry.identitytoken };
    if (entry?.auth === undefined || entry.auth === "") return null;
    const plain = Buffer.from(entry.auth, "base64").toString("utf8");
    const colon = plain.indexOf(":");
    if (colon === -1)
      throw new WindlassError("registry-credentials", `The credentials for ${registry} are damaged.`, {
        hint: `docker login ${registry}`,
      });
    return { kind: "password", username: plain.slice(0, colon), password: plain.slice(colon + 1).replace(/\0+$/, "") };
  };
}

async function readConfig(env: Environment): Promise<DockerConfig> {
  const directory = env.DOCKER_CONFIG || path.join(env.HOME ?? "/", ".docker");
  const file = path.join(directory, "config.json");
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new WindlassError("registry-credentials", `${file} cannot be read.`, { cause });
  }
  try {
    return JSON.parse(text) as DockerConfig;
  } catch {
    // The parser's own message shows a piece of the file, which may be a secret.
    throw new WindlassError("registry-credentials", `${file} is not JSON.`);
  }
}

/** `https://registry.example.com/v1/` and `registry.example.com` are the same. */
function hostOf(server: string): string {
  return server.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
}

/** A credential helper: the server's name on its input, JSON on its output; nothing of it goes into an error. */
async function askHelper(helper: string, server: string, env: Environment): Promise<Credentials | null> {
  const program = `docker-credential-${helper}`;
  if (!/^[\w.-]+$/.test(helper)) throw failed(program, "is not a name of a program");
  const signal = AbortSignal.timeout(HELPER_DEADLINE_MS);
  const child = spawn(program, ["get"], { stdio: ["pipe", "pipe", "ignore"], env: { ...env }, signal });
  const ended = once(child, "close");
  // It is awaited below; until then a failure is nobody's.
  ended.catch(() => undefined);
  // A helper that ends without reading is told by its code.
  child.stdin.on("error", () => undefined);
  child.stdin.end(server);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_HELPER_OUTPUT) child.kill("SIGKILL");
      else chunks.push(chunk);
    }
    await ended;
  } catch (cause) {
    throw failed(program, signal.aborted ? "did not answer within 30 s" : "cannot be run", cause);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (child.exitCode !== 0) {
    if (/credentials not found/i.test(text)) return null;
    throw failed(program, `ended with ${child.exitCode ?? child.signalCode}`);
  }
  return readAnswer(program, text);
}

function readAnswer(program: string, text: string): Credentials {
  let answer: { readonly Username?: unknown; readonly Secret?: unknown };
  try {
    answer = JSON.parse(text) as typeof answer;
  } catch {
    throw failed(program, "answered something else than JSON");
  }
  if (typeof answer.Username !== "string" || typeof answer.Secret !== "string")
    throw failed(program, "answered without Username and Secret");
  return answer.Username === "<token>"
    ? { kind: "identity", token: answer.Secret }
    : { kind: "password", username: answer.Username, password: answer.Secret };
}

function failed(program: string, how: string, cause?: unknown): WindlassError {
  return new WindlassError("registry-credentials", `${program} ${how}.`, {
    hint: "config.json of Docker names it as the keeper of a registry's credentials",
    ...(cause === undefined ? {} : { cause }),
  });
}
