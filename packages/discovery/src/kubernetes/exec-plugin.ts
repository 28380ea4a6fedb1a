import { ExportError } from "@otlpkit/core";
import type { ExecPlugin, KubeconfigCluster } from "./kubeconfig-file.ts";

/** What a program gave. */
export interface ExecCredential {
  readonly token?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** ms since 1970; absent: as long as we run. */
  readonly expiresAt?: number | undefined;
}

const longestMs = 60_000;

/**
 * Runs a credential plugin and reads what it gives. It gets no terminal, so one that wants to ask somebody fails.
 *
 * @throws ExportError "rejected" when it can't be run, fails, or gives something else. Its output is in no message.
 */
export async function execPlugin(
  plugin: ExecPlugin,
  cluster: KubeconfigCluster,
  signal: AbortSignal,
): Promise<ExecCredential> {
  const { command, args, env, apiVersion = "client.authentication.k8s.io/v1", installHint } = plugin;
  const attempted = `cannot get credentials from ${command}, which the kubeconfig names`;
  const info = {
    apiVersion,
    kind: "ExecCredential",
    spec: { interactive: false, ...(plugin.provideClusterInfo === true ? { cluster: aboutCluster(cluster) } : {}) },
  };
  const environment = {
    ...process.env,
    ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
  };
  const output = await new Promise<string>((resolve, reject) => {
    const options = { env: environment, timeout: longestMs, signal, maxBuffer: 1 << 20 };
    process.getBuiltinModule("node:child_process").execFile(command, args ?? [], options, (error, stdout) => {
      if (error === null) return resolve(stdout);
      const why =
        error.code === "ENOENT" ? `there is no such program${hint(installHint)}` : `it ended with ${error.code}`;
      // Without the cause, whose message has the arguments.
      reject(new ExportError("rejected", `${attempted}: ${why}`, { retryable: true }));
    });
  });
  const { status } = read(output, attempted);
  const expiresAt = Date.parse(status?.expirationTimestamp ?? "");
  const credential: ExecCredential = {
    token: status?.token,
    cert: status?.clientCertificateData,
    key: status?.clientKeyData,
    expiresAt: Number.isNaN(expiresAt) ? undefined : expiresAt,
  };
  if (credential.token === undefined && credential.cert === undefined) {
    throw new ExportError("rejected", `${attempted}: it gave neither a token nor a certificate`, { retryable: true });
  }
  return credential;
}

interface ExecOutput {
  readonly status?: {
    readonly token?: string;
    readonly clientCertificateData?: string;
    readonly clientKeyData?: string;
    readonly expirationTimestamp?: string;
  };
}

function read(output: string, attempted: string): ExecOutput {
  try {
    return JSON.parse(output) as ExecOutput;
  } catch {
    throw new ExportError("rejected", `${attempted}: what it wrote is no ExecCredential`, { retryable: true });
  }
}

function aboutCluster(cluster: KubeconfigCluster): Record<string, unknown> {
  return {
    server: cluster.server,
    "tls-server-name": cluster["tls-server-name"],
    "insecure-skip-tls-verify": cluster["insecure-skip-tls-verify"],
    "certificate-authority-data": cluster["certificate-authority-data"],
  };
}

function hint(text: string | undefined): string {
  return text === undefined ? "" : `; ${text}`;
}
