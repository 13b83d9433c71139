import { blueGreen, canary, defineSystem, postgres, rolling, secret, service } from "windlass";

/** The customer service as its deployment document describes it; README.md says where each part of it is. */
export default defineSystem({
  name: "customer-service",

  services: {
    "customer-service": service({
      command: ["node", "server.js"],
      // `npm run build` puts a release here; it needs nothing but Node.js.
      source: "release",
      // Where replicas are containers, these files are put into an image.
      dockerfile: "Dockerfile",
      port: 8080,
      uses: ["database"],
      environment: {
        JWT_KEY: secret("jwt-key", { generate: true }),
        ADMIN_EMAIL: "admin@example.com",
        ADMIN_PASSWORD: secret("admin-password"),
        LOG_LEVEL: "info",
      },
      probes: {
        liveness: { http: "/health", delay: "5s", period: "10s", timeout: "3s", failures: 3 },
        readiness: { http: "/ready", period: "2s", timeout: "2s", failures: 2 },
      },
      // The service itself gives requests 10 s after SIGTERM.
      stopGrace: "15s",
      // A canary is compared with the release that runs, and nobody tunes a threshold for that. The document's limits
      // are objectives, for where there is nothing to compare with: blue-green after the switch, a stage of 100.
      analysis: {
        signals: {
          errors: { objective: "5%" },
          // p95 above 500 ms is the same as more than 5 % slower than 500 ms.
          slow: { slowerThan: "500ms", objective: "5%" },
        },
      },
      guards: [{ signal: "restarts", above: 0, for: "1h" }],
    }),
  },

  // Windlass runs one when there is none; production has a managed one.
  resources: { database: postgres() },

  environments: {
    development: {
      services: {
        "customer-service": {
          replicas: 1,
          environment: { LOG_LEVEL: "debug", ADMIN_PASSWORD: "only-for-development" },
          strategy: rolling({ observe: "2s" }),
          guards: [
            { signal: "errors", above: "5%", for: "5s" },
            { signal: "restarts", above: 2, for: "1m" },
          ],
        },
      },
    },

    staging: {
      services: {
        "customer-service": {
          // The three environments may share a machine.
          port: 8081,
          replicas: 2,
          strategy: blueGreen({ smoke: ["/health", "/ready"], observe: "1m", keepOld: "10m" }),
        },
      },
    },

    production: {
      whenBusy: "refuse",
      services: {
        "customer-service": {
          port: 8082,
          replicas: 3,
          cpu: 1,
          memory: "512MiB",
          strategy: canary({
            stages: [
              { share: 10, time: { min: "10m", max: "1h" } },
              { share: 50, time: { min: "10m", max: "1h" } },
              { share: 100, time: { min: "10m", max: "1h" } },
            ],
            routes: [{ header: "x-canary", value: "1" }],
            keepOld: "1h",
          }),
        },
      },
      resources: { database: { embedded: null, external: secret("database-url") } },
    },

    /** Production on a cluster of several zones, with as many replicas as its requests need. */
    cluster: {
      extends: "production",
      target: "kubernetes",
      registry: "registry.example.com/customers",
      kubernetes: {
        gateway: { name: "public", namespace: "gateway", metrics: "service://gateway/traefik:9100/metrics" },
      },
      services: {
        "customer-service": {
          port: 8080,
          scaling: { min: 3, max: 10, cpu: "70%" },
          ingress: { host: "customers.example.com" },
        },
      },
    },
  },
});
