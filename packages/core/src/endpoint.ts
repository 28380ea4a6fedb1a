/** One place that takes OTLP. */
export interface Endpoint {
  /**
   * Where it is, as a URL: `http://collector:4317`, `https://otlp.example/base`, `unix:///run/otlp.sock`. The scheme
   * decides about TLS and nothing else does: `http` is plain, `https` is TLS.
   */
  readonly url: string;
  /** What it is called where it was found: the same place keeps its name while its address changes. Default: the URL. */
  readonly id?: string;
  /** Its share among others, above 0. Default 1; 0 takes nothing but what only it can take. */
  readonly weight?: number;
  /** Where it stands, such as a zone of a cloud, so that neighbours can be preferred. */
  readonly zone?: string;
  /** It is about to go: what is under way may end, nothing new is sent there while others are. Default false. */
  readonly draining?: boolean;
  /** Whatever else its source knows of it: tags, versions, the node. For people and filters. */
  readonly metadata?: Readonly<Record<string, string>>;
}
