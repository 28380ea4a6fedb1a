export { fileRegistry, type FileRegistryOptions } from "./file-registry.ts";
