// @ts-check
export const release = "1.2.0";
