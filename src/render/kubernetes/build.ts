import type { EnvironmentKey, GroupId, Intent, ServiceName } from "../../core/model/intent.js";
import { accountObject } from "./account.js";
import { autoscalerObject } from "./autoscaler.js";
import { configurationObjects, type SecretNeed, secretNeedsOf } from "./configuration.js";
import { deploymentObject } from "./deployment.js";
import { disruptionObject } from "./disruption.js";
import { routeObjects } from "./http-route.js";
import { ingressObject } from "./ingress.js";
import type { Labels } from "./labels.js";
import { namespaceObject } from "./namespace.js";
import { KINDS, type RenderedObject } from "./object.js";
import { policyObject, smokePolicyObject } from "./policy.js";
import { type ServiceScope, serviceScope } from "./scope.js";
import { serviceObjects } from "./service.js";

/** Values by variable of the secrets and resources that a group's replicas get. */
export type SecretValues = (service: ServiceName, group: GroupId) => Readonly<Record<string, string>>;

export interface BuildInput {
  readonly environment: EnvironmentKey;
  /** Of a cluster: `kubernetes` is there. */
  readonly intent: Intent;
  /** Null: Secrets are left out; what refers to them stays. */
  readonly secrets: SecretValues | null;
  /** Labels by which the adopted Deployment of a service selects its pods, as found in the cluster; absent: not known. */
  readonly adopted?: Readonly<Record<ServiceName, Labels>>;
  /** `status.supportedFeatures` of the gateway's class (`HTTPRouteRequestMirror`); absent: what is optional is left out. */
  readonly gatewayFeatures?: readonly string[];
}

/**
 * Everything that is to be in the cluster for an intent, in the order in which it is applied. The same input gives the
 * same objects with the same order of keys. Throws `kubernetes-command` or `kubernetes-image-local` for a workload that
 * is no image of a registry, `kubernetes-secret-missing` for a value that is not there.
 */
export function kubernetesObjects(input: BuildInput): readonly RenderedObject[] {
  const services = scopesOf(input).flatMap((scope) => serviceObjectsOf(input, scope));
  return inOrder([namespaceObject(input), ...services]);
}

/** The Secrets that the objects refer to: where they are not rendered, somebody else has to make them. */
export function secretNeeds(input: BuildInput): readonly SecretNeed[] {
  return scopesOf(input).flatMap(secretNeedsOf);
}

function scopesOf(input: BuildInput): readonly ServiceScope[] {
  return Object.keys(input.intent.services)
    .sort()
    .flatMap((name) => {
      const intent = input.intent.services[name];
      return intent === undefined ? [] : [serviceScope(input, name, intent)];
    });
}

function serviceObjectsOf(input: BuildInput, scope: ServiceScope): readonly (RenderedObject | null)[] {
  const { groups } = scope;
  return [
    accountObject(scope),
    ...groups.flatMap((group) => [
      ...configurationObjects(scope, group, input.secrets),
      deploymentObject(scope, group),
      autoscalerObject(scope, group),
      smokePolicyObject(scope, group, input),
    ]),
    ...serviceObjects(scope),
    disruptionObject(scope),
    policyObject(scope, input),
    ...routeObjects(scope, input.gatewayFeatures ?? []),
    ingressObject(scope),
  ];
}

function inOrder(objects: readonly (RenderedObject | null)[]): readonly RenderedObject[] {
  return objects
    .filter((object) => object !== null)
    .sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (a.metadata.name < b.metadata.name ? -1 : 1));
}
