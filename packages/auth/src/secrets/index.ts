export { secret, type Secret, type Secrets } from "./secret.ts";
export type { SecretSource } from "./secret-source.ts";
export { fixed } from "./fixed.ts";
export { file, type FileOptions } from "./file.ts";
export { folder } from "./folder.ts";
export { environment } from "./environment.ts";
export { vault, type Vault, type VaultOptions, type VaultSecretOptions } from "./vault/vault.ts";
export {
  appRole,
  type AppRoleOptions,
  kubernetes,
  type KubernetesLoginOptions,
  type SecretOrSource,
  type VaultLogin,
  vaultToken,
  type VaultToken,
} from "./vault/login.ts";
export type { VaultMount } from "./vault/key-value.ts";
export type { VaultTransit } from "./vault/transit.ts";
