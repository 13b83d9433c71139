import path from "node:path";
import { type BuildInput, kubernetesObjects, secretNeeds } from "../../../render/kubernetes/build.js";
import type { RenderedObject } from "../../../render/kubernetes/object.js";
import { settingsOf } from "../../../render/kubernetes/scope.js";
import type { Cli } from "../../context.js";
import { EXIT } from "../../exit-code.js";
import { json, next, remark, say } from "../../output.js";
import { plural } from "../../render/text.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, switchFlag, textFlag, verb } from "../../verb.js";
import { type FolderFile, headOf, writeFolder } from "./folder.js";
import { intentToRender, type RenderedIntent } from "./intent.js";
import { manifestOf } from "./manifest.js";
import { secretsPage } from "./secrets-page.js";

type Flags = { readonly output?: string; readonly spec: boolean; readonly push: boolean; readonly version?: string };

export default verb<Flags, [string?]>({
  brief: "Write the Kubernetes objects of an environment, as they would be applied",
  description:
    "The same objects that Windlass applies to the cluster, one file each, for a GitOps tool or to be read.\n" +
    "Of what is deployed; where nothing is, of what a first deployment of this directory's spec comes to.\n" +
    "Values of secrets are never written: the Secrets that the objects refer to are listed.\n" +
    "Files of an earlier rendering that are no longer needed are removed from the folder; others are left alone.",
  examples: [
    "windlass render kubernetes production --output deploy/production",
    "windlass render kubernetes production --spec | kubectl diff --server-side -f -",
  ],
  parameters: {
    flags: {
      json: JSON_FLAG,
      output: textFlag("The folder to write; without it they are printed", "folder"),
      spec: switchFlag("Of this directory's spec, whatever is deployed; asks no control plane"),
      push: switchFlag("Push the images that are made of the spec, as `windlass build` does"),
      version: textFlag("The release's version, where it is made of the spec", "version"),
    },
    aliases: { o: "output" },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  async run(cli, flags, asked) {
    const { spec: fromSpec, version, push } = flags;
    const rendered = await intentToRender(
      cli,
      { environment: asked, fromSpec, version, push },
      { env: cli.env, note: (line) => remark(cli, line) },
    );
    const { environment, intent } = rendered;
    const input: BuildInput = { environment, intent, secrets: null };
    const objects = kubernetesObjects(input);
    const needs = secretNeeds(input);
    for (const line of remarksOn(rendered)) remark(cli, line);
    if (flags.output === undefined) {
      print(cli, objects, flags.json);
      for (const { name, variables } of needs) remark(cli, `Not rendered: Secret ${name} (${variables.join(", ")})`);
      return EXIT.done;
    }
    const page = { name: "README.md", text: secretsPage(environment, settingsOf(intent).namespace, needs) };
    const files = [...objects.map(fileOf), page].map((file) => headed(file, environment));
    const { written, removed } = await writeFolder(path.resolve(cli.cwd, flags.output), files);
    if (flags.json) json(cli, { environment, output: flags.output, written, removed, secrets: needs });
    else {
      const gone = removed.length === 0 ? "" : `, ${plural(removed.length, "old file")} removed`;
      say(cli, `${environment}: ${plural(objects.length, "object")} in ${flags.output}${gone}`);
      for (const { name, variables } of needs) say(cli, `  Secret ${name} is not among them: ${variables.join(", ")}`);
      // kubectl takes the files of a folder by name, and nothing can be before its namespace.
      const first = path.join(flags.output, `namespace-${settingsOf(intent).namespace}.yaml`);
      next(cli, `commit it, or \`kubectl apply --server-side -f ${first} -f ${flags.output}\``);
    }
    return EXIT.done;
  },
});

function fileOf(object: RenderedObject): FolderFile {
  const { file, text } = manifestOf(object);
  return { name: file, text };
}

function headed({ name, text }: FolderFile, environment: string): FolderFile {
  return { name, text: headOf(name, `kubernetes ${environment}`) + text };
}

function print(cli: Cli, objects: readonly RenderedObject[], asJson: boolean): void {
  if (asJson) for (const object of objects) json(cli, object);
  else cli.process.stdout.write(objects.map((object) => manifestOf(object).text).join("---\n"));
}

function remarksOn({ view, intent, environment }: RenderedIntent): readonly string[] {
  const adopting = Object.entries(intent.services).flatMap(([name, { adopt }]) => (adopt === undefined ? [] : [name]));
  return [
    ...(view?.deployment?.outcome === null
      ? [`A deployment of ${environment} is going on: this is what the cluster is told at this moment.`]
      : []),
    ...adopting.map(
      (name) =>
        `${name} is an adopted Deployment: only labels and size are rendered, and Services where its labels are known.`,
    ),
  ];
}
