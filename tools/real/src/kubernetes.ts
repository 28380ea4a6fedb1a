import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import type { RealBackend } from "./backends.ts";
import { type RealEtcd, startEtcd } from "./etcd.ts";
import { freePort, privateFolder, type RealServer, startServer } from "./server.ts";

/** How a Kubernetes API server is started. */
export interface KubernetesOptions {
  /** PEM, for 127.0.0.1. */
  readonly certificate: { readonly cert: string; readonly key: string };
  /** Trusted for the certificates of clients. PEM. */
  readonly clientAuthority: string;
  /** Further arguments. */
  readonly args?: readonly string[];
}

/** A Kubernetes API server on loopback, with an etcd of its own and no controllers. */
export interface RealKubernetes {
  readonly url: string;
  /** May do everything. */
  readonly adminToken: string;
  /** Its etcd, in which history can be given up. */
  readonly etcd: RealEtcd;
  /** Asks as the administrator and gives the answer; a status of 300 and more is an error. */
  ask(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Starts an API server that authorizes by roles (RBAC). */
export async function startKubernetes(
  { program }: RealBackend,
  etcdProgram: RealBackend,
  options: KubernetesOptions,
): Promise<RealKubernetes> {
  const folder = privateFolder("kubernetes");
  const etcd = await startEtcd(etcdProgram);
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const adminToken = "administrator-of-tests";
  const file = (name: string, text: string): string => {
    const path = join(folder.path, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const command = [
    program,
    `--etcd-servers=${etcd.urls.join()}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${port}`,
    `--tls-cert-file=${file("server.crt", options.certificate.cert)}`,
    `--tls-private-key-file=${file("server.key", options.certificate.key)}`,
    `--client-ca-file=${file("clients.crt", options.clientAuthority)}`,
    `--token-auth-file=${file("tokens.csv", `${adminToken},admin,1,system:masters\n`)}`,
    `--service-account-signing-key-file=${file("accounts.key", privateKey)}`,
    `--service-account-key-file=${file("accounts.pub", publicKey)}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    "--service-cluster-ip-range=10.96.0.0/24",
    "--authorization-mode=RBAC",
    "--disable-admission-plugins=ServiceAccount",
    // Nobody needs to find it through its own Service, for which loopback would be no address.
    "--endpoint-reconciler-type=none",
    ...(options.args ?? []),
  ];
  let server: RealServer | undefined;

  function ask(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const sent = request(url + path, {
        method,
        // The tests' own server, whose certificate is looked at by those who are tested.
        rejectUnauthorized: false,
        headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
      });
      sent.once("error", reject);
      sent.once("response", (message) => {
        let text = "";
        message.setEncoding("utf8");
        message.on("data", (piece: string) => (text += piece));
        message.once("error", reject);
        message.once("end", () => {
          const status = message.statusCode ?? 0;
          if (status >= 300) reject(new Error(`${method} ${path}: ${status} ${text.slice(0, 500)}`));
          else resolve(text.startsWith("{") ? JSON.parse(text) : text);
        });
      });
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
  async function start(): Promise<void> {
    const ready = async (): Promise<boolean> => {
      await ask("GET", "/readyz");
      return true;
    };
    server = await startServer({ name: "kube-apiserver", command, cwd: folder.path, ready, timeoutMs: 120_000 });
  }
  async function close(): Promise<void> {
    await server?.stop("SIGKILL");
    await etcd.close();
    folder.remove();
  }
  await start().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { url, adminToken, etcd, ask, start, stop: async () => server?.stop(), close };
}
