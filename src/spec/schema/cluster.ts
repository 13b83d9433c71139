import { z } from "zod";
import { field, required } from "./field.js";

const objectName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, {
  error: (issue) =>
    `"${String(issue.input)}" is not a name of an object in a cluster\nlower-case letters, digits, - and .`,
});

const namespace = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
  error: (issue) => `"${String(issue.input)}" is not a namespace\nup to 63 lower-case letters, digits and dashes`,
});

/** An existing Deployment, a TLS secret: something that is in the cluster already. */
export const clusterObject = objectName;

export const gatewayObject = z.strictObject({
  name: required(objectName, "Name of a Gateway that is there."),
  namespace: field(namespace, "Its namespace."),
  section: field(objectName, "One of its listeners. None: every listener that admits the route."),
  metrics: field(
    z.string().min(1),
    "Where its Prometheus exposition is: http://host:port/metrics, or service://namespace/name:port/metrics by way of the API server. None: nobody counts requests.",
  ),
});

const gateway = z.union([
  z.string().regex(/^([a-z0-9][a-z0-9-]*\/)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, {
    error: 'not a gateway\nwrite "name" or "namespace/name"',
  }),
  gatewayObject,
]);

export const kubernetes = z.strictObject({
  kubeconfig: field(
    z.string().min(1),
    "Absolute path. None: KUBECONFIG, ~/.kube/config, or the pod's own account, in this order.",
  ),
  context: field(z.string().min(1), "Of the kubeconfig. None: its current one."),
  namespace: field(namespace, "Made and owned by this environment. Default: `<system>-<environment>`."),
  gateway: field(
    gateway,
    "Shares requests by exact weights (Gateway API): name, or namespace/name. Without one, replicas are the weights.",
  ),
  ingressClass: field(
    objectName,
    "Class of the Ingress objects, where there is no gateway. Default: the cluster's own default class.",
  ),
  pullSecret: field(
    objectName,
    "Secret of the namespace (type kubernetes.io/dockerconfigjson) by which nodes pull images. None: the nodes' own credentials.",
  ),
  drift: field(z.enum(["heal", "report"]), "What somebody else changed is made right again, or only reported."),
});

export const registryObject = z.strictObject({
  prefix: required(
    z.string().regex(/^[A-Za-z0-9.-]+(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/, {
      error: (issue) =>
        /^https?:\/\//.test(String(issue.input))
          ? 'a registry has no scheme\nwrite "registry.example.com/shop"; insecure: true is for HTTP'
          : 'not a registry\nwrite "registry.example.com/shop"',
    }),
    "Host and path; the images of a service go to `<prefix>/<service>`.",
  ),
  insecure: field(z.boolean(), "HTTP instead of HTTPS. Default: true for localhost and 127.0.0.1, else false."),
});

export const registry = z.union([registryObject.shape.prefix, registryObject]);

const host = z.string().regex(/^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/, {
  error: (issue) =>
    `"${String(issue.input)}" is not a host name\nwrite "shop.example.com" or "*.example.com", without port or path`,
});

export const ingressObject = z.strictObject({
  host: field(host, "Host name that clients use. Default: `<service>.<namespace>`."),
  hosts: field(z.array(host).min(1).max(100), "Several of them."),
  path: field(
    z.string().regex(/^\/[^\s?#]*$/, { error: 'not a path\nbegin it with "/", without host or spaces' }),
    "Requests whose path begins with this.",
  ),
  tls: field(
    objectName,
    "The TLS secret of the namespace to answer with. None: HTTP, or the gateway's own certificate.",
  ),
  redirect: field(z.boolean(), "HTTP is redirected to HTTPS. Default: with tls."),
  rateLimit: field(
    z.number().positive(),
    "Requests per second and client address, where the ingress controller can limit. A gateway cannot.",
  ),
});

export const ingress = z.union([host, ingressObject]);
