/** The Engine API that the calls of this room are written for (Engine 20.10). */
export const OUR_API = "1.41";

/**
 * The version to speak with an Engine: ours when it knows it, its newest when that is older, its oldest when it has
 * dropped ours (Engine 29 begins at 1.44; what we call is the same there).
 */
export function negotiate(newest: string, oldest: string | undefined): string {
  if (compare(newest, OUR_API) < 0) return newest;
  return oldest !== undefined && compare(oldest, OUR_API) > 0 ? oldest : OUR_API;
}

function compare(a: string, b: string): number {
  const [major = 0, minor = 0] = a.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = b.split(".").map(Number);
  return major - otherMajor || minor - otherMinor;
}
