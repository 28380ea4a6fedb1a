export { tlsPolicy, type TlsPolicy, type TlsPolicyOptions } from "./tls-policy.ts";
export { tlsFiles, type TlsFacts, type TlsFiles, type TlsFilesOptions, type TlsMaterial } from "./tls-files.ts";
export { pinned } from "./pinned.ts";
export { type CertificateFacts, checkAuthorities, checkPair, type KeyPair } from "./key-pair.ts";
export { type Suites, suitesOf } from "./cipher-suites.ts";
