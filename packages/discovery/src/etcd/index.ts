export { etcdRegistry, type EtcdRegistryOptions } from "./registry.ts";
export { etcdRegistrar, type EtcdRegistrarOptions } from "./registrar.ts";
export type { EtcdConnectOptions } from "./options.ts";
