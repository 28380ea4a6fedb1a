import { ExportError } from "@otlpkit/core";
import type { SourceTls } from "../http/tls.ts";
import type { KubernetesAccess, KubernetesSession } from "./access.ts";
import { type ExecCredential, execPlugin } from "./exec-plugin.ts";
import { type KubeconfigContext, readKubeconfig } from "./kubeconfig-file.ts";

/** Options of {@link kubeconfig}. */
export interface KubeconfigOptions {
  /** The file, or several with the system's separator between. Default `KUBECONFIG`, or else "~/.kube/config". */
  readonly path?: string;
  /** Default: the file's current context. */
  readonly context?: string;
  /** Where `KUBECONFIG` is. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Files are read again after so long, because tokens and certificates are replaced. Default 60,000. */
  readonly rereadMs?: number;
  /** The wall clock, ms since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

// A plugin's credential is replaced so long before its end, so that it does not end on the way.
const earlyMs = 60_000;

/**
 * The access of a person: clusters, users and contexts as kubectl has them, with certificates, tokens, files of tokens and
 * exec plugins. For development, and for what runs outside of the cluster.
 */
export function kubeconfig(options: KubeconfigOptions = {}): KubernetesAccess {
  const { context: wanted, rereadMs = 60_000, now = Date.now } = options;
  let known: KubernetesSession | undefined;
  let readMs = 0;
  let credential: ExecCredential | undefined;

  async function session(refused: boolean, signal: AbortSignal): Promise<KubernetesSession> {
    const ended = credential?.expiresAt !== undefined && credential.expiresAt - earlyMs <= now();
    if (refused || ended) credential = undefined;
    else if (known !== undefined && now() - readMs < rereadMs) return known;
    const context = await readKubeconfig(pathsOf(options), wanted);
    const { exec } = context.user;
    if (exec !== undefined) credential ??= await execPlugin(exec, context.cluster, signal);
    known = await sessionOf(context, credential);
    readMs = now();
    return known;
  }
  return { session };
}

async function sessionOf(context: KubeconfigContext, given: ExecCredential | undefined): Promise<KubernetesSession> {
  const { cluster, user, namespace } = context;
  const [ca, cert, key, fileToken] = await Promise.all([
    partOf(cluster["certificate-authority-data"], cluster["certificate-authority"]),
    partOf(user["client-certificate-data"], user["client-certificate"]),
    partOf(user["client-key-data"], user["client-key"]),
    partOf(undefined, user.tokenFile),
  ]);
  const certificate = given?.cert ?? cert;
  const privateKey = given?.key ?? key;
  const tls: SourceTls = {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(privateKey === undefined ? {} : { key: privateKey }),
    ...(cluster["tls-server-name"] === undefined ? {} : { serverName: cluster["tls-server-name"] }),
    ...(cluster["insecure-skip-tls-verify"] === true ? { insecureSkipVerify: true } : {}),
  };
  // A file is newer than what was written beside it.
  const token = given?.token ?? fileToken?.trim() ?? user.token;
  return { url: cluster.server ?? "", namespace, token, tls };
}

/** Given in base64, or in a file. */
async function partOf(data: string | undefined, path: string | undefined): Promise<string | undefined> {
  if (data !== undefined && data !== "") return Buffer.from(data, "base64").toString("utf8");
  if (path === undefined || path === "") return undefined;
  try {
    return await process.getBuiltinModule("node:fs/promises").readFile(path, "utf8");
  } catch (cause) {
    throw new ExportError("rejected", `cannot read ${path}, which the kubeconfig names`, { cause, retryable: true });
  }
}

function pathsOf({ path, env = process.env }: KubeconfigOptions): readonly string[] {
  const { delimiter, join } = process.getBuiltinModule("node:path");
  const given = path ?? env["KUBECONFIG"];
  if (given !== undefined && given !== "") return given.split(delimiter).filter((each) => each !== "");
  return [join(process.getBuiltinModule("node:os").homedir(), ".kube", "config")];
}
