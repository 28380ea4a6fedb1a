export { acceptJwt, type AcceptJwtOptions } from "./accept-jwt.ts";
export type { KeySource } from "./key-set.ts";
export { issueJwt, jwt, type JwtOptions } from "./jwt.ts";
export { type JwtKeys, jwtKeys, type SigningKey } from "./jwt-keys.ts";
export type { HttpsOptions } from "../https-fetch.ts";
