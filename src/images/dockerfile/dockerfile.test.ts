import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { extract } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { registriesOf } from "./bases.js";
import { type Context, contextOf } from "./context.js";
import { ignores } from "./ignore.js";

describe(".dockerignore", () => {
  const left = (rules: string, ...names: string[]) => names.filter((name) => !ignores(rules)(name));

  it("has patterns that are relative to the context", () => {
    expect(
      left("node_modules\n/dist\n*.log", "node_modules/a", "x/node_modules/a", "dist", "a.log", "x/a.log"),
    ).toEqual(["x/node_modules/a", "x/a.log"]);
    expect(left("**/*.log\ndocs/**\n# a.js\n\n ./tmp/ ", "a.log", "x/y/a.log", "docs/a/b", "a.js", "tmp/a")).toEqual([
      "a.js",
    ]);
    expect(left("a?c\n[x-z].js\n\\*.md\na.b", "abc", "ac", "y.js", "w.js", "*.md", "x.md", "aXb")).toEqual([
      "ac",
      "w.js",
      "x.md",
      "aXb",
    ]);
  });

  it("takes back with !, in order, and walks a directory that has something to keep", () => {
    expect(left("*\n!src\n!package.json", "src", "src/a.js", "package.json", "README.md")).toEqual([
      "src",
      "src/a.js",
      "package.json",
    ]);
    expect(left("docs\n!docs/api/kept.md", "docs", "docs/api", "docs/api/kept.md", "docs/other.md")).toEqual([
      "docs",
      "docs/api",
      "docs/api/kept.md",
    ]);
    expect(left("!a.md\n*.md", "a.md")).toEqual([]);
  });
});

describe("what a Dockerfile is built from", () => {
  let room: string;
  beforeEach(async () => {
    room = await mkdtemp(path.join(os.tmpdir(), "windlass-context-"));
    const files = [
      "app/Dockerfile",
      "app/server.js",
      "app/lib/a.js",
      "app/secret.env",
      "app/.windlass/state",
      "Dockerfile.app",
    ];
    for (const file of files) {
      await mkdir(path.dirname(path.join(room, file)), { recursive: true });
      await writeFile(path.join(room, file), `FROM scratch # ${file}\n`);
    }
  });
  afterEach(() => rm(room, { recursive: true, force: true }));

  async function members({ tar }: Context): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    const read = extract();
    read.on("entry", ({ name }, stream, next) => {
      let text = "";
      stream.on("data", (chunk) => (text += String(chunk)));
      stream.on("end", () => {
        found[name] = text;
        next();
      });
    });
    for await (const chunk of tar) read.write(chunk);
    await new Promise((resolve) => read.end(resolve));
    return found;
  }

  it("is the context without what is ignored and without Windlass's own state", async () => {
    await writeFile(path.join(room, "app", ".dockerignore"), "*.env\nDockerfile\n");
    const context = await contextOf(path.join(room, "app"), path.join(room, "app", "Dockerfile"));
    expect(context).toMatchObject({ file: "Dockerfile", text: "FROM scratch # app/Dockerfile\n" });
    // The Engine needs the Dockerfile and the rules, and leaves out itself what they say.
    expect(Object.keys(await members(context))).toEqual([
      "Dockerfile",
      ".dockerignore",
      "lib/",
      "lib/a.js",
      "server.js",
    ]);
  });

  it("has a Dockerfile from outside as a guest that gets into no image", async () => {
    const context = await contextOf(path.join(room, "app"), path.join(room, "Dockerfile.app"));
    const found = await members(context);
    expect(context.file).toBe(".windlass.Dockerfile");
    expect(found[".windlass.Dockerfile"]).toContain("Dockerfile.app");
    expect(found[".dockerignore"]).toBe("\n.dockerignore\n.windlass.Dockerfile\n");
    expect(found).toHaveProperty("Dockerfile");
  });

  it("says what it cannot read or pack", async () => {
    await expect(contextOf(room, path.join(room, "none"))).rejects.toMatchObject({ code: "image-dockerfile" });
    await symlink("/etc/passwd", path.join(room, "app", "outside"));
    const context = await contextOf(path.join(room, "app"), path.join(room, "Dockerfile.app"));
    await expect(members(context)).rejects.toMatchObject({ code: "archive-link-outside" });
  });
});

it("the registries of a Dockerfile are those of its images, not of its stages", () => {
  const text = [
    "ARG VERSION=1",
    "FROM --platform=linux/amd64 registry.example.com/base/node:20 AS build",
    "FROM build AS test",
    "from scratch",
    "FROM other.example.com/x:$VERSION",
    "COPY --from=build --chown=1:1 /a /a",
    "COPY --chown=1:1 --from=tools.example.com/tini:1 \\\n  /tini /tini",
    "COPY --from=0 /a /a",
    "FROM node:20",
  ].join("\n");
  expect(registriesOf(text)).toEqual(["registry.example.com", "tools.example.com", "docker.io"]);
  expect(() => registriesOf("FROM Not/An-Image\n")).toThrow(expect.objectContaining({ code: "image-dockerfile" }));
});
