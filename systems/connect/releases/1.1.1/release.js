// @ts-check
export const release = "1.1.1";
