import { commandWorld, otlpWorld } from "./signal-own-worlds.js";
import { signalProviderContract } from "./signal-provider.js";
import { prometheusWorld, webQueryWorld } from "./signal-web-worlds.js";

signalProviderContract("Prometheus", prometheusWorld);
signalProviderContract("OTLP", otlpWorld, { listens: true });
signalProviderContract("A web query", webQueryWorld);
signalProviderContract("A command", commandWorld, { measuresAnew: true });
