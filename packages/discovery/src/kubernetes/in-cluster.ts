import { ExportError } from "@otlpkit/core";
import type { KubernetesAccess, KubernetesSession } from "./access.ts";

/** Options of {@link inCluster}. */
export interface InClusterOptions {
  /** Where `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT` are. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where `token`, `ca.crt` and `namespace` are. Default "/var/run/secrets/kubernetes.io/serviceaccount". */
  readonly folder?: string;
  /** The files are read again after so long, because tokens are replaced before they end. Default 60,000. */
  readonly rereadMs?: number;
  /** The clock, in ms. Default `performance.now`. */
  readonly now?: () => number;
}

/** The access of a pod: its service account. Token and authority are read again every minute, and when they were refused. */
export function inCluster(options: InClusterOptions = {}): KubernetesAccess {
  const {
    env = process.env,
    folder = "/var/run/secrets/kubernetes.io/serviceaccount",
    rereadMs = 60_000,
    now = () => performance.now(),
  } = options;
  let known: KubernetesSession | undefined;
  let readMs = 0;

  async function read(): Promise<KubernetesSession> {
    const host = env["KUBERNETES_SERVICE_HOST"];
    if (host === undefined || host === "") {
      throw new ExportError(
        "rejected",
        "KUBERNETES_SERVICE_HOST is not set, so this is no pod; outside of the cluster use kubeconfig()",
      );
    }
    const port = env["KUBERNETES_SERVICE_PORT"] || "443";
    const file = (name: string): Promise<string> => fileIn(folder, name);
    const [token, ca, namespace] = await Promise.all([file("token"), file("ca.crt"), file("namespace")]);
    const url = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
    return { url, namespace: namespace.trim(), token: token.trim(), tls: { ca } };
  }

  return {
    async session(refused) {
      if (known === undefined || refused || now() - readMs >= rereadMs) {
        known = await read();
        readMs = now();
      }
      return known;
    },
  };
}

async function fileIn(folder: string, name: string): Promise<string> {
  const path = `${folder}/${name}`;
  try {
    return await process.getBuiltinModule("node:fs/promises").readFile(path, "utf8");
  } catch (cause) {
    // Kubelet may be about to write it.
    throw new ExportError("rejected", `cannot read ${path}; is a service account mounted into this pod?`, {
      cause,
      retryable: true,
    });
  }
}
