export { encryption, type EncryptionOptions } from "./encryption.ts";
export { keyRing, type KeyRing, type KeyRingOptions, type WrappingKey } from "./key-ring.ts";
export { secretKeyRing, type SecretKeyRingOptions } from "./secret-key-ring.ts";
export { rawKey } from "./raw-key.ts";
export { passphraseKey, type PassphraseKeyOptions } from "./passphrase-key.ts";
export { transitKey } from "./transit-key.ts";
export { keyIdOf } from "./header.ts";
export { secret, type Secret, type Secrets } from "../secrets/secret.ts";
