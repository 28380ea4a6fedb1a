// Proving to a destination who we are.
export { bearer, type BearerOptions } from "./credentials/bearer.ts";
export { basic } from "./credentials/basic.ts";
export { apiKey } from "./credentials/api-key.ts";
export { type Given, revealed } from "./credentials/given.ts";
// Checking at a receiver who is asking.
export { acceptBearer, type AcceptBearerOptions, type BearerOwner } from "./accept/accept-bearer.ts";
export { acceptBasic, type AcceptBasicOptions } from "./accept/accept-basic.ts";
export { acceptCertificate, type AcceptCertificateOptions } from "./accept/accept-certificate.ts";
export { anyOf } from "./accept/any-of.ts";
