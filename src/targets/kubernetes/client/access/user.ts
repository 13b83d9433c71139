import path from "node:path";
import { WindlassError } from "../../../../error.js";
import type { Clock } from "../../../../ports/clock.js";
import { type ClientCertificate, type Credentials, fixedCredentials, rereadCredentials } from "./credentials.js";
import { execCredentials } from "./exec-credentials.js";
import { EXEC_VERSIONS, type ExecPlugin, runPlugin } from "./exec-plugin.js";
import type { Entry, KubeconfigUser } from "./kubeconfig.js";
import { requiredText, type Surroundings } from "./surroundings.js";

const PLUGIN_TIMEOUT_MS = 30_000;

export interface UserQuestion {
  /** Null: nobody, for a server that asks for nothing. */
  readonly user: Entry<KubeconfigUser> | null;
  readonly around: Surroundings;
  readonly clock: Clock;
  /** What plugins are told about the cluster. */
  readonly info: Record<string, unknown>;
}

/** The credentials of a kubeconfig's user. Nothing is read or run before the first request. */
export function userCredentials({ user, around, clock, info }: UserQuestion): Credentials {
  if (user === null) return fixedCredentials({ authorization: null, certificate: null });
  const { value, directory } = user;
  if (value["auth-provider"] !== null && value["auth-provider"] !== undefined)
    throw refused(
      `auth-provider ${value["auth-provider"].name}`,
      "it was removed from Kubernetes: use its exec plugin",
    );
  if (value.as !== undefined) throw refused("as (acting for another user)", "use a user that has the rights itself");
  if (value.exec !== null && value.exec !== undefined) {
    const plugin = pluginOf(value.exec, directory, around, info);
    return execCredentials(() => runPlugin(plugin), clock);
  }
  const certificate = certificateReader(user, around);
  const authorization = authorizationReader(user, around);
  return rereadCredentials(
    async () => ({ authorization: await authorization(), certificate: await certificate() }),
    clock,
  );
}

function certificateReader({ value, directory }: Entry<KubeconfigUser>, around: Surroundings) {
  const part = (kind: "client-certificate" | "client-key") => {
    const data = value[`${kind}-data`];
    const file = value[kind];
    if (data !== undefined) return async () => Buffer.from(data, "base64").toString("utf8");
    if (file !== undefined) return () => requiredText(around, path.resolve(directory, file), kind);
    return null;
  };
  const cert = part("client-certificate");
  const key = part("client-key");
  if ((cert === null) !== (key === null))
    throw new WindlassError("kubernetes-config", "the kubeconfig's user has a certificate without key, or the reverse");
  return async (): Promise<ClientCertificate | null> =>
    cert === null || key === null ? null : { cert: await cert(), key: await key() };
}

function authorizationReader({ value, directory }: Entry<KubeconfigUser>, around: Surroundings) {
  const { token, tokenFile, username, password } = value;
  if (tokenFile !== undefined)
    return async () => `Bearer ${(await requiredText(around, path.resolve(directory, tokenFile), "tokenFile")).trim()}`;
  if (token !== undefined) return async () => `Bearer ${token}`;
  if (username !== undefined) {
    const basic = Buffer.from(`${username}:${password ?? ""}`).toString("base64");
    return async () => `Basic ${basic}`;
  }
  return async () => null;
}

function pluginOf(
  exec: NonNullable<KubeconfigUser["exec"]>,
  directory: string,
  around: Surroundings,
  info: Record<string, unknown>,
): ExecPlugin {
  const { apiVersion, command } = exec;
  if (!EXEC_VERSIONS.includes(apiVersion))
    throw refused(`a credential plugin of ${apiVersion}`, `known are ${EXEC_VERSIONS.join(" and ")}`);
  if (exec.interactiveMode === "Always")
    throw refused(`credential plugin ${command} that needs a terminal`, "a control plane has none: use a token");
  const spec = { interactive: false, ...(exec.provideClusterInfo ? { cluster: info } : {}) };
  const env: Record<string, string | undefined> = { ...around.env };
  for (const { name, value } of exec.env) env[name] = value;
  env.KUBERNETES_EXEC_INFO = JSON.stringify({ apiVersion, kind: "ExecCredential", spec });
  return {
    apiVersion,
    // As kubectl: a bare name is looked for on the PATH, a relative path starts at the kubeconfig.
    command: command.includes("/") ? path.resolve(directory, command) : command,
    args: exec.args,
    env,
    hidden: exec.env.map(({ value }) => value).filter((value) => value.length >= 8),
    installHint: exec.installHint ?? null,
    timeoutMs: PLUGIN_TIMEOUT_MS,
  };
}

function refused(what: string, hint: string): WindlassError {
  return new WindlassError("kubernetes-config", `the kubeconfig's user has ${what}`, { hint });
}
