import { ARGO } from "./argo.js";
import { FLAGGER } from "./flagger.js";
import { KAYENTA, KAYENTA_EARLY } from "./kayenta.js";
import type { Rival } from "./rival.js";
import { Z_TEST } from "./z-test.js";

export const RIVALS: readonly Rival[] = [FLAGGER, ARGO, KAYENTA, KAYENTA_EARLY, Z_TEST];
