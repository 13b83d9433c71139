import type { RegistryAuth } from "../../../docker/images.js";
import { parseReference } from "../../../images/reference.js";
import { type CredentialSource, dockerCredentials } from "../../../images/registry/credentials.js";

/** What the daemon's user has logged in with, for the registry of an image; null: it is asked without. */
export async function registryAuth(
  reference: string,
  credentials: CredentialSource = dockerCredentials(process.env),
): Promise<RegistryAuth | null> {
  const { registry } = parseReference(reference);
  const known = await credentials(registry);
  if (known === null) return null;
  const server = { serveraddress: registry };
  if (known.kind === "identity") return { ...server, identitytoken: known.token };
  return { ...server, username: known.username, password: known.password };
}
