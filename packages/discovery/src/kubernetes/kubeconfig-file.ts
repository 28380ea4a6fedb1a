import { ExportError } from "@otlpkit/core";

/** What we use of the users in a kubeconfig. */
export interface KubeconfigUser {
  readonly "client-certificate"?: string;
  readonly "client-certificate-data"?: string;
  readonly "client-key"?: string;
  readonly "client-key-data"?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly exec?: ExecPlugin;
}

/** A program that gives credentials (client.authentication.k8s.io). */
export interface ExecPlugin {
  readonly apiVersion?: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly installHint?: string;
  readonly provideClusterInfo?: boolean;
}

/** What we use of the clusters. */
export interface KubeconfigCluster {
  readonly server?: string;
  readonly "certificate-authority"?: string;
  readonly "certificate-authority-data"?: string;
  readonly "tls-server-name"?: string;
  readonly "insecure-skip-tls-verify"?: boolean;
  readonly "proxy-url"?: string;
}

/** A context with what it names. */
export interface KubeconfigContext {
  readonly name: string;
  readonly namespace: string;
  readonly cluster: KubeconfigCluster;
  readonly user: KubeconfigUser;
}

interface Kubeconfig {
  readonly "current-context"?: string;
  readonly contexts?: readonly Named[] | null;
  readonly clusters?: readonly Named[] | null;
  readonly users?: readonly Named[] | null;
}

type Kind = "contexts" | "clusters" | "users";

interface Named {
  readonly name: string;
  readonly context?: { readonly cluster?: string; readonly user?: string; readonly namespace?: string };
  readonly cluster?: KubeconfigCluster;
  readonly user?: KubeconfigUser;
}

/**
 * Reads kubeconfig files as kubectl does: of several, the first to name something has its way, and relative paths start
 * where their file is. Files that do not exist are passed over.
 *
 * @throws ExportError "rejected" when there is none, or it does not hold the context.
 */
export async function readKubeconfig(paths: readonly string[], wanted: string | undefined): Promise<KubeconfigContext> {
  const files = (await Promise.all(paths.map(readOne))).filter((file) => file !== undefined);
  const shown = paths.join(", ");
  if (files.length === 0) throw new ExportError("rejected", `cannot read a kubeconfig: there is no ${shown}`);
  const named = (kind: Kind, name: string | undefined): Named | undefined =>
    files.flatMap((file) => file[kind] ?? []).find((each) => each.name === name);

  const name = wanted ?? files.map((file) => file["current-context"]).find(Boolean);
  const context = named("contexts", name)?.context;
  const cluster = named("clusters", context?.cluster)?.cluster;
  const user = named("users", context?.user)?.user ?? {};
  if (name === undefined || context === undefined || cluster?.server === undefined) {
    const missing =
      context === undefined ? `context "${name ?? ""}"` : `cluster "${context.cluster ?? ""}" with a server`;
    throw new ExportError("rejected", `the kubeconfig ${shown} has no ${missing}`);
  }
  for (const old of ["auth-provider", "username"]) {
    if (old in user) {
      throw new ExportError(
        "unsupported",
        `the kubeconfig ${shown} asks for ${old}, which Kubernetes has given up; use exec`,
      );
    }
  }
  if (cluster["proxy-url"] !== undefined) {
    throw new ExportError(
      "unsupported",
      `the kubeconfig ${shown} asks for a proxy (proxy-url), which is not supported`,
    );
  }
  return { name, namespace: context.namespace ?? "default", cluster, user };
}

async function readOne(path: string): Promise<Kubeconfig | undefined> {
  const { dirname } = process.getBuiltinModule("node:path");
  let text: string;
  try {
    text = await process.getBuiltinModule("node:fs/promises").readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new ExportError("rejected", `cannot read the kubeconfig ${path}`, { cause });
  }
  const file = (await parsed(text, path)) as Kubeconfig | null;
  return file === null ? undefined : withWholePaths(file, dirname(path));
}

async function parsed(text: string, path: string): Promise<unknown> {
  try {
    if (text.trimStart().startsWith("{")) return JSON.parse(text);
    const { parse } = await loadYaml();
    return parse(text);
  } catch (cause) {
    if (ExportError.is(cause)) throw cause;
    // Without the cause, whose message may quote a line with a token.
    throw new ExportError("rejected", `the kubeconfig ${path} is neither YAML nor JSON`);
  }
}

/** Loads the optional peer when it is first needed; a kubeconfig in JSON needs none. */
async function loadYaml(): Promise<typeof import("yaml")> {
  try {
    return await import("yaml");
  } catch (cause) {
    throw new ExportError(
      "unsupported",
      "cannot load yaml, an optional peer of @otlpkit/discovery that reads kubeconfig files; install it, or write the file " +
        "as JSON (kubectl config view --raw --output=json)",
      { cause },
    );
  }
}

const pathNames = new Set(["certificate-authority", "client-certificate", "client-key", "tokenFile"]);

function withWholePaths(file: Kubeconfig, folder: string): Kubeconfig {
  const { isAbsolute, resolve } = process.getBuiltinModule("node:path");
  const whole = <T extends object>(part: T | undefined): T =>
    Object.fromEntries(
      Object.entries(part ?? {}).map(([name, value]) => [
        name,
        pathNames.has(name) && typeof value === "string" && !isAbsolute(value) ? resolve(folder, value) : value,
      ]),
    ) as T;
  const users = (file.users ?? []).map((named) => {
    const user = whole(named.user);
    const command = user.exec?.command;
    // A name is looked for on the PATH; a path starts here.
    if (user.exec === undefined || command === undefined || !command.includes("/")) return { ...named, user };
    return { ...named, user: { ...user, exec: { ...user.exec, command: resolve(folder, command) } } };
  });
  const clusters = (file.clusters ?? []).map((named) => ({ ...named, cluster: whole(named.cluster) }));
  return { ...file, users, clusters };
}
