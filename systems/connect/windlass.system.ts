import { blueGreen, canary, defineSystem, postgres, rolling, secret, service } from "windlass";

/** Connect 2.0 as its deployment document describes it; README.md says where each part of it is. */

/** Errors above 5 % and a p95 above 1,000 ms are critical: p95 above a time is more than 5 % slower than it. */
const critical = {
  signals: { errors: { objective: "5%" }, slow: { slowerThan: "1000ms", objective: "5%" } },
};
/** More than 3 restarts in 10 min are critical, too. */
const restarts = [{ signal: "restarts", above: 3, for: "10m" }] as const;

/** Both ask the same path, as in the document. */
const probes = (path: string) => ({
  liveness: { http: path, delay: "30s", period: "10s", timeout: "5s", failures: 3 },
  readiness: { http: path, delay: "10s", period: "5s", timeout: "3s", failures: 2 },
});
/** On a laptop nobody wants to wait ten seconds for a page. */
const atOnce = { readiness: { delay: "0s", period: "1s", timeout: "1s" } };

/** Clients reach both services under one host: `/api` is the backend's, everything else the frontend's. */
const underOneHost = (host: string) => {
  const ingress = { host, tls: "connect2-tls", redirect: true, rateLimit: 100 };
  return { backend: { ...ingress, path: "/api" }, frontend: { ...ingress, path: "/" } };
};
const staging = underOneHost("staging.connect2.blueprint.com");
const production = underOneHost("connect2.blueprint.com");

/** A gateway that somebody else looks after, and where it counts the requests of each group. */
const gateway = {
  name: "public",
  namespace: "gateway",
  // Its listener for HTTPS; HTTP is redirected to it.
  section: "https",
  metrics: "service://gateway/traefik:9100/metrics",
};

export default defineSystem({
  name: "connect",

  services: {
    backend: service({
      command: ["node", "server.js"],
      // `npm run build` puts a release here; it needs nothing but Node.js.
      source: "release/backend",
      dockerfile: "backend/Dockerfile",
      port: 3000,
      uses: ["database"],
      environment: { NODE_ENV: "production", LOG_LEVEL: "info" },
      probes: probes("/api/health"),
      // The service itself gives requests 10 s after SIGTERM.
      stopGrace: "15s",
      analysis: critical,
      guards: restarts,
    }),
    frontend: service({
      command: ["node", "server.js"],
      source: "release/frontend",
      dockerfile: "frontend/Dockerfile",
      port: 3001,
      // BACKEND_URL; and a new backend is there before the page that calls it.
      uses: ["backend"],
      after: ["backend"],
      environment: { NODE_ENV: "production", LOG_LEVEL: "info" },
      probes: probes("/health"),
      cpu: 0.25,
      memory: "256MiB",
      stopGrace: "15s",
      analysis: critical,
      guards: restarts,
    }),
  },

  // Windlass runs one when there is none; staging and production have a managed one.
  resources: { database: postgres() },

  environments: {
    /** One replica of each on this machine, as processes; no autoscaler. */
    development: {
      services: {
        backend: {
          replicas: 1,
          cpu: 0.5,
          memory: "1GiB",
          environment: { NODE_ENV: "development", LOG_LEVEL: "debug", SAMPLE_PROJECTS: 12 },
          probes: atOnce,
          strategy: rolling({ observe: "2s" }),
        },
        frontend: {
          replicas: 1,
          environment: { NODE_ENV: "development", LOG_LEVEL: "debug" },
          probes: atOnce,
          strategy: rolling({ observe: "2s" }),
        },
      },
    },

    staging: {
      target: "kubernetes",
      registry: "ghcr.io/blueprint/connect2",
      kubernetes: { context: "connect2-staging", gateway },
      services: {
        backend: {
          scaling: { min: 2, max: 4, cpu: "70%", memory: "80%" },
          cpu: 1,
          memory: "2GiB",
          readyDeadline: "5m",
          strategy: blueGreen({ smoke: ["/api/health", "/api/projects"], observe: "1m", keepOld: "10m" }),
          ingress: staging.backend,
        },
        frontend: {
          scaling: { min: 2, max: 4, cpu: "70%", memory: "80%" },
          readyDeadline: "5m",
          strategy: blueGreen({ smoke: ["/health", "/"], observe: "1m", keepOld: "10m" }),
          ingress: staging.frontend,
        },
      },
      resources: { database: { embedded: null, external: secret("database-url") } },
    },

    production: {
      target: "kubernetes",
      registry: "ghcr.io/blueprint/connect2",
      kubernetes: { context: "connect2-prod", gateway },
      whenBusy: "refuse",
      services: {
        backend: {
          scaling: { min: 3, max: 10, cpu: "70%", memory: "80%" },
          cpu: 2,
          memory: "4GiB",
          readyDeadline: "10m",
          // Its answers can be compared with those of the release that runs. At most 11 min: with the frontend, less than 15.
          strategy: canary({
            stages: [
              { share: 10, time: { min: "1m", max: "5m" } },
              { share: 50, time: { min: "1m", max: "5m" } },
              { share: 100, time: "1m" },
            ],
            routes: [{ header: "user-agent", contains: "Mobile" }],
            keepOld: "1h",
          }),
          ingress: production.backend,
        },
        frontend: {
          scaling: { min: 3, max: 10, cpu: "70%", memory: "80%" },
          readyDeadline: "10m",
          // Static files: what they break is broken in the browser, where a comparison of answers sees nothing.
          strategy: rolling({ maxSurge: 1, maxUnavailable: 0, observe: "1m" }),
          ingress: production.frontend,
        },
      },
      resources: { database: { embedded: null, external: secret("database-url") } },
    },
  },
});
