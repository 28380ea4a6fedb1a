export { clientCredentials, type ClientCredentialsOptions } from "./client-credentials.ts";
export type { ClientAuthentication, Given } from "./client-authentication.ts";
export type { HttpsOptions } from "../https-fetch.ts";
