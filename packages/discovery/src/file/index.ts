export { fileEndpoints, type FileOptions } from "./file-endpoints.ts";
