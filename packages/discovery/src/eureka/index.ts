export { eurekaRegistry, type EurekaRegistryOptions } from "./registry.ts";
export { eurekaRegistrar, type EurekaRegistrarOptions } from "./registrar.ts";
export type { EurekaAccess } from "./servers.ts";
