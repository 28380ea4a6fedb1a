export { type ConfigurationSource, type Language, readConfiguration } from "./read-configuration.ts";
export type { AnyPlugin, Component, Configuration, Pipeline, Plugins } from "./configuration.ts";
export { ConfigurationError, type Path, type Problem } from "./problem.ts";
// For schemas of components.
export {
  check,
  ignored,
  map,
  optional,
  or,
  present,
  type Read,
  type Report,
  type Shape,
  shape,
  unsupported,
} from "./shape.ts";
export { list, record, section, type SectionOf } from "./collections.ts";
export { bytes, choice, duration, flag, hostPort, type HostPort, integer, number, text } from "./values.ts";
// The notations by themselves.
export { type Environment, expand, type Expansion, type OnReference } from "./expand.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export { formatByteSize, parseByteSize } from "./byte-size.ts";
