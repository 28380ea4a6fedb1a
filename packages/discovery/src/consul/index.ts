export { consulRegistry, type ConsulRegistryOptions } from "./registry.ts";
export { consulRegistrar, type ConsulRegistrarOptions } from "./registrar.ts";
export type { AgentCheck, ConsulCheck } from "./check.ts";
export type { ConsulAccess, ConsulLogin } from "./access.ts";
export { consulEnvironment } from "./environment.ts";
