import { WindlassError } from "../error.js";

/** An image as people write it: `redis:7`, `registry.example.com:5000/shop/api:1.4`, `…@sha256:<hex>`. */
export interface Reference {
  /** `docker.io` where none is named. */
  readonly registry: string;
  /** `library/redis`, `shop/api`. */
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string | null;
}

const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);

/** Throws `image-reference` for what is none. */
export function parseReference(text: string): Reference {
  const [name = "", digest, more] = text.split("@");
  const slash = name.indexOf("/");
  const head = slash === -1 ? "" : name.slice(0, slash);
  // A first part with a dot or a port, or localhost, is a registry; anything else is a path on Docker Hub.
  const named = head === "localhost" || /[.:]/.test(head);
  const registry = named ? head : "docker.io";
  const rest = named ? name.slice(slash + 1) : name;
  const colon = rest.lastIndexOf(":");
  const path = colon === -1 ? rest : rest.slice(0, colon);
  const tag = colon === -1 ? null : rest.slice(colon + 1);
  const repository = registry === "docker.io" && !path.includes("/") ? `library/${path}` : path;
  const valid =
    more === undefined &&
    REPOSITORY.test(repository) &&
    (tag === null || /^\w[\w.-]{0,127}$/.test(tag)) &&
    (digest === undefined || /^sha256:[0-9a-f]{64}$/.test(digest)) &&
    /^[a-zA-Z0-9.-]+(?::\d+)?$/.test(registry);
  if (!valid)
    throw new WindlassError("image-reference", `"${text}" is not an image.`, {
      hint: "as in registry.example.com/shop/api:1.4, or …@sha256:<64 hex digits>",
    });
  return { registry, repository, tag, digest: digest ?? null };
}

/** The name of its repository, with the registry unless that is Docker Hub. */
export function repositoryName({ registry, repository }: Reference): string {
  return registry === "docker.io" ? repository.replace(/^library\//, "") : `${registry}/${repository}`;
}

/** What a release's images are called for people: a version's `+` is none that a tag may have. */
export function imageTag(label: string): string {
  return label.replaceAll("+", "-");
}
