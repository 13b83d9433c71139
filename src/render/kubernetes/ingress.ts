import { serviceLabels } from "./labels.js";
import type { RenderedObject } from "./object.js";
import { rendered } from "./rendered.js";
import { type ServiceScope, servicePort } from "./scope.js";

/**
 * The way in where a cluster has no gateway. An Ingress has no weights: it leads to `<service>`, and the number of
 * replicas is the weight. Redirect and rate limit are no part of it either; they are said as ingress-nginx reads them
 * (retired in March 2026, but others read the same annotations), and only where the class is called so.
 */
export function ingressObject({
  environment,
  namespace,
  service,
  settings,
  intent,
}: ServiceScope): RenderedObject | null {
  const { traffic } = intent;
  const ingress = traffic?.ingress;
  if (traffic === null || ingress === undefined || settings.traffic.kind !== "ingress") return null;
  const { className } = settings.traffic;
  const hosts = ingress.hosts.length > 0 ? ingress.hosts : [`${service}.${namespace}`];
  const backend = { service: { name: service, port: { number: servicePort(traffic) } } };
  const paths = [{ path: ingress.path, pathType: "Prefix", backend }];
  const annotations = className !== null && /nginx/.test(className) ? nginxAnnotations(ingress) : {};
  const naming = {
    name: service,
    namespace,
    labels: serviceLabels(environment, service),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
  return rendered("Ingress", naming, {
    spec: {
      ingressClassName: className ?? undefined,
      tls: ingress.tls === null ? undefined : [{ hosts, secretName: ingress.tls }],
      rules: hosts.map((host) => ({ host, http: { paths } })),
    },
  });
}

function nginxAnnotations({
  redirect,
  rateLimit,
}: {
  readonly redirect: boolean;
  readonly rateLimit: number | null;
}): Readonly<Record<string, string>> {
  return {
    "nginx.ingress.kubernetes.io/ssl-redirect": String(redirect),
    ...(rateLimit !== null && { "nginx.ingress.kubernetes.io/limit-rps": String(rateLimit) }),
  };
}
