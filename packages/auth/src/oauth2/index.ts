export { clientCredentials, type ClientCredentialsOptions } from "./client-credentials.ts";
export type { ClientAuthentication } from "./client-authentication.ts";
export type { Given } from "../credentials/given.ts";
export type { HttpsOptions } from "../https-fetch.ts";
