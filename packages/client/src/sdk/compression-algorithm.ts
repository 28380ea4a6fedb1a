/** As `@opentelemetry/otlp-exporter-base` has it; the option takes plain text as well. */
export const CompressionAlgorithm = { NONE: "none", GZIP: "gzip" } as const;
export type CompressionAlgorithm = "none" | "gzip";
