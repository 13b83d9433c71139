// @ts-check
import { jwtVerify, SignJWT } from "jose";

const ISSUER = "customer-service";

/**
 * HS256 tokens with an issuer, an audience and an end.
 * @param {string} key at least 32 characters
 * @param {number} lifetimeSeconds
 */
export function createTokens(key, lifetimeSeconds) {
  const secret = new TextEncoder().encode(key);
  return {
    lifetimeSeconds,
    /** @param {string} userId */
    issue: (userId) =>
      new SignJWT()
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setSubject(userId)
        .setIssuer(ISSUER)
        .setAudience(ISSUER)
        .setIssuedAt()
        .setExpirationTime(`${lifetimeSeconds}s`)
        .sign(secret),
    /**
     * The user's id, or null when the token is forged, expired or somebody else's.
     * @param {string} token
     * @returns {Promise<string | null>}
     */
    verify: async (token) => {
      const verified = await jwtVerify(token, secret, {
        algorithms: ["HS256"],
        issuer: ISSUER,
        audience: ISSUER,
        requiredClaims: ["exp", "sub"],
      }).catch((/** @type {unknown} */ error) => {
        if (error instanceof Error && "code" in error && String(error.code).startsWith("ERR_J")) return null;
        throw error;
      });
      return verified?.payload.sub ?? null;
    },
  };
}

/** @typedef {ReturnType<typeof createTokens>} Tokens */
