import type { SourceTls } from "../http/tls.ts";

/** Where the API server is and how we prove who we are, at this moment. */
export interface KubernetesSession {
  /** `https://10.96.0.1:443` */
  readonly url: string;
  /** Where we are at home, for services whose namespace is not given. */
  readonly namespace: string;
  /** Sent as a bearer token. */
  readonly token?: string | undefined;
  readonly tls: SourceTls;
}

/** Knows where the API server is: `inCluster()`, `kubeconfig()`. */
export interface KubernetesAccess {
  /**
   * Asked before each request, so it remembers what is still good. `refused`: the last token was not accepted, so what is
   * remembered is no good. Throws `ExportError` "rejected" when what it needs is not there.
   */
  session(refused: boolean, signal: AbortSignal): Promise<KubernetesSession>;
}
