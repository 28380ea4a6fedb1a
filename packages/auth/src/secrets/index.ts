export { secret, type Secret, type Secrets } from "./secret.ts";
export type { SecretSource } from "./secret-source.ts";
