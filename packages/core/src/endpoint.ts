/** One place that takes OTLP. */
export interface Endpoint {
  /**
   * Where it is, as a URL: `http://collector:4317`, `https://otlp.example/base`, `unix:///run/otlp.sock`. The scheme
   * decides about TLS and nothing else does: `http` is plain, `https` is TLS.
   */
  readonly url: string;
}
