/** Attribute values as the OpenTelemetry API has them, and more: whatever the encoder of `@otlpkit/otlp` takes. */
export type Attributes = Readonly<Record<string, unknown>>;

/** Whose telemetry it is, in the shape of the OpenTelemetry SDK. */
export interface Resource {
  readonly attributes: Attributes;
  readonly schemaUrl?: string;
}

/** The part of a program that makes telemetry: a library, a module. */
export interface Scope {
  readonly name: string;
  readonly version?: string;
  readonly schemaUrl?: string;
  readonly attributes?: Attributes;
}
