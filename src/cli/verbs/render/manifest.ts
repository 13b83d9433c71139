import { Document, visit } from "yaml";
import type { RenderedObject } from "../../../render/kubernetes/object.js";

export interface Manifest {
  /** `deployment-web-1a2b3c4d5e.yaml`. */
  readonly file: string;
  readonly text: string;
}

/** An object as YAML that reads the same by the rules of 1.1, which Kubernetes' tools go by, and by those of 1.2. */
export function manifestOf(object: RenderedObject): Manifest {
  const document = new Document(object, { version: "1.1", aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      // A number to one of the two, perhaps: `0o7`, `1e3`.
      if (typeof node.value === "string" && /^[-+.\d]/.test(node.value)) node.type = "QUOTE_DOUBLE";
    },
  });
  const text = document.toString({ lineWidth: 0, directives: false });
  return { file: `${object.kind.toLowerCase()}-${object.metadata.name}.yaml`, text };
}
