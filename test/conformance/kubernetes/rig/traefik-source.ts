import { cp, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { copyWritable } from "./copy-writable.js";
import { RIG } from "./modules.js";

const LEGO = "github.com/go-acme/lego/v5@v5.4.1";
const LEGO_SUM = "h1:Jt6xAP9xQrJ3SLLGgxejfDDd3pzdrmuLCWe4oTqHHQc=";

/**
 * Makes the folder that Traefik is built in: the module file, the stubs, and lego (which Traefik links to ask for
 * certificates) without its DNS providers, some of whose modules are not published. A replacement must be a folder,
 * and the module cache must not be written to, so lego is copied.
 */
export async function withoutDnsProviders(
  source: string,
  go: (folder: string, argv: readonly string[]) => Promise<string>,
): Promise<void> {
  await rm(source, { recursive: true, force: true });
  await cp(path.join(RIG, "traefik"), source, { recursive: true });
  const lego = JSON.parse(await go(path.dirname(source), ["mod", "download", "-json", LEGO])) as {
    Dir: string;
    Sum: string;
  };
  if (lego.Sum !== LEGO_SUM) throw new Error(`${LEGO} has another sum than expected: ${lego.Sum}`);
  await copyWritable(lego.Dir, path.join(source, "lego"), ["providers", "cmd", "e2e", "docs"]);
  const dns = path.join(source, "lego", "providers", "dns");
  await mkdir(dns, { recursive: true });
  await cp(path.join(RIG, "traefik", "dns", "dns.go"), path.join(dns, "dns.go"));
}
