import type { z } from "zod";
import type { analysisObject } from "../schema/analysis.js";
import type { kubernetes, registryObject } from "../schema/cluster.js";
import type { guard } from "../schema/guard.js";
import type { probes } from "../schema/probe.js";
import type { resourceObject } from "../schema/resource.js";
import type { service } from "../schema/service.js";
import type { strategy } from "../schema/strategy.js";

// What is left to compile once short forms are long and defaults are in: the schema's types without their short forms.

export type AuthoredService = z.infer<typeof service>;
export type AuthoredProbe = Exclude<Exclude<z.infer<typeof probes>["readiness"], undefined>, string | false>;
export type AuthoredStrategy = Exclude<z.infer<typeof strategy>, string>;
export type AuthoredGuard = z.infer<typeof guard>;
export type AuthoredResource = z.infer<typeof resourceObject>;
export type AuthoredRegistry = z.infer<typeof registryObject>;
export type AuthoredKubernetes = z.infer<typeof kubernetes>;
export type AuthoredAnalysis = z.infer<typeof analysisObject>;
export type AuthoredSignal = Exclude<NonNullable<AuthoredAnalysis["signals"]>[string], false>;
