import { parentPort } from "node:worker_threads";
import { type Study, study } from "./study.js";

parentPort?.on("message", (job: Study) => parentPort?.postMessage(study(job)));
