export { secret, type Secret, type Secrets } from "./secret.ts";
export type { SecretSource } from "./secret-source.ts";
export { fixed } from "./fixed.ts";
export { file, type FileOptions } from "./file.ts";
export { folder } from "./folder.ts";
export { environment } from "./environment.ts";
