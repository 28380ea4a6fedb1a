import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { testAuthority, testClient } from "@otlpkit/testkit/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  kubeconfig,
  type KubeconfigOptions,
  kubernetesRegistry,
  type KubernetesSession,
} from "../src/kubernetes/index.ts";
import { fakeKubernetes } from "./fakes/kubernetes-server.ts";
import { sliceOf } from "./kubernetes-worlds.ts";

let folder: string;
const never = new AbortController().signal;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otlpkit-kubeconfig-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

function session(options: KubeconfigOptions): Promise<KubernetesSession> {
  return kubeconfig(options).session(false, never);
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

const config = (user: string): string => `
apiVersion: v1
kind: Config
current-context: dev
contexts:
- name: dev
  context: { cluster: local, user: me, namespace: shop }
- name: prod
  context: { cluster: far, user: me }
clusters:
- name: local
  cluster:
    server: https://127.0.0.1:6443
    certificate-authority-data: ${base64(testAuthority)}
- name: far
  cluster:
    server: https://far.example:6443
    tls-server-name: kubernetes
    insecure-skip-tls-verify: true
users:
- name: me
  user: ${user}
`;

/** A plugin that gives the texts of a file, one line each time that it is asked, and counts. */
async function plugin(...answers: readonly unknown[]): Promise<string> {
  const bin = join(folder, "bin");
  await mkdir(bin, { recursive: true });
  const path = join(bin, "login");
  await file("answers", answers.map((answer) => `${JSON.stringify(answer)}\n`).join(""));
  const script = `#!/bin/sh
echo "$KUBERNETES_EXEC_INFO" > ${folder}/info
echo asked >> ${folder}/asked
sed -n "$(wc -l < ${folder}/asked | tr -d ' ')p" ${folder}/answers
`;
  await writeFile(path, script, { mode: 0o755 });
  return path;
}

describe("a kubeconfig", () => {
  it("gives the cluster, the namespace and the user of its current context", async () => {
    const path = await file("config", config("{ token: abc }"));
    expect(await session({ path })).toEqual({
      url: "https://127.0.0.1:6443",
      namespace: "shop",
      token: "abc",
      tls: { ca: testAuthority },
    });
  });

  it("gives those of another context when it is asked to", async () => {
    const path = await file("config", config("{ token: abc }"));
    expect(await session({ path, context: "prod" })).toEqual({
      url: "https://far.example:6443",
      namespace: "default",
      token: "abc",
      tls: { serverName: "kubernetes", insecureSkipVerify: true },
    });
  });

  it("gives certificates, from itself or from files beside it", async () => {
    await file("me.crt", testClient.cert);
    await file("me.key", testClient.key);
    const tls = { ca: testAuthority, cert: testClient.cert, key: testClient.key };
    const byFile = await file("one", config("{ client-certificate: me.crt, client-key: ./me.key }"));
    expect((await session({ path: byFile })).tls).toEqual(tls);
    const data = `{ client-certificate-data: ${base64(testClient.cert)}, client-key-data: ${base64(testClient.key)} }`;
    expect((await session({ path: await file("two", config(data)) })).tls).toEqual(tls);
  });

  it("gives the token of a file, again and again", async () => {
    await file("token", "first\n");
    const path = await file("config", config("{ tokenFile: token, token: old }"));
    let nowMs = 0;
    const access = kubeconfig({ path, now: () => nowMs });
    const token = async (refused: boolean): Promise<string | undefined> => (await access.session(refused, never)).token;
    expect(await token(false)).toBe("first");
    await file("token", "second\n");
    expect(await token(false)).toBe("first");
    nowMs += 60_000;
    expect(await token(false)).toBe("second");
    await file("token", "third\n");
    expect(await token(true)).toBe("third");
  });

  it("may be JSON, for which no other package is needed", async () => {
    const json = {
      "current-context": "dev",
      contexts: [{ name: "dev", context: { cluster: "local", user: "me" } }],
      clusters: [{ name: "local", cluster: { server: "https://127.0.0.1:6443" } }],
      users: [{ name: "me", user: { token: "abc" } }],
    };
    const path = await file("config.json", JSON.stringify(json));
    expect(await session({ path })).toMatchObject({ url: "https://127.0.0.1:6443", token: "abc", tls: {} });
  });

  it("may be several files, of which the first to name something has its way", async () => {
    const first = await file("first", "current-context: prod\nusers:\n- name: me\n  user: { token: mine }\n");
    const second = await file("second", config("{ token: theirs }"));
    const env = { KUBECONFIG: [first, join(folder, "absent"), second].join(delimiter) };
    expect(await session({ env })).toMatchObject({ url: "https://far.example:6443", token: "mine" });
  });

  it("says what is missing", async () => {
    await expect(session({ path: join(folder, "absent") })).rejects.toThrow(/there is no .*absent/);
    const path = await file("config", config("{}"));
    await expect(session({ path, context: "stage" })).rejects.toThrow('has no context "stage"');
    await expect(session({ path: await file("odd", "a: [") })).rejects.toThrow("neither YAML nor JSON");
    const nothing = await file("nothing", "");
    await expect(session({ path: nothing })).rejects.toThrow("there is no");
    const lost = await file("lost", config("{ client-certificate: gone.crt }"));
    await expect(session({ path: lost })).rejects.toThrow(/cannot read .*gone\.crt/);
  });

  it("says what is not supported, instead of asking without", async () => {
    const old = await file("old", config("{ auth-provider: { name: gcp } }"));
    await expect(session({ path: old })).rejects.toThrow("asks for auth-provider, which Kubernetes has given up");
    const proxied = config("{}").replace("tls-server-name: kubernetes", "proxy-url: http://proxy:3128");
    await expect(session({ path: await file("proxied", proxied), context: "prod" })).rejects.toThrow("proxy-url");
  });
});

describe.skipIf(process.platform === "win32")("an exec plugin", () => {
  it("gives a token, and another when that is nearly over", async () => {
    const status = (token: string, expirationTimestamp: string): object => ({ status: { token, expirationTimestamp } });
    await plugin(status("first", "2026-01-01T01:00:00Z"), status("second", "2026-01-01T02:00:00Z"));
    const user =
      "{ exec: { apiVersion: client.authentication.k8s.io/v1, command: ./bin/login, args: [a], env: null } }";
    let nowMs = Date.parse("2026-01-01T00:00:00Z");
    const access = kubeconfig({ path: await file("config", config(user)), now: () => nowMs });
    const token = async (refused = false): Promise<string | undefined> => (await access.session(refused, never)).token;
    expect(await token()).toBe("first");
    nowMs += 58 * 60_000;
    expect(await token()).toBe("first");
    nowMs += 90_000;
    expect(await token()).toBe("second");
  });

  it("is asked again when its token was refused, and told about the cluster when it wants to be", async () => {
    await plugin({ status: { token: "first" } }, { status: { token: "second" } });
    const user = "{ exec: { command: ./bin/login, provideClusterInfo: true, env: [{ name: A, value: b }] } }";
    const access = kubeconfig({ path: await file("config", config(user)) });
    expect((await access.session(false, never)).token).toBe("first");
    expect((await access.session(true, never)).token).toBe("second");
    const { readFile } = await import("node:fs/promises");
    const info = JSON.parse(await readFile(join(folder, "info"), "utf8")) as { spec: { cluster: { server: string } } };
    expect(info.spec.cluster.server).toBe("https://127.0.0.1:6443");
  });

  it("may give a certificate", async () => {
    await plugin({ status: { clientCertificateData: testClient.cert, clientKeyData: testClient.key } });
    const path = await file("config", config("{ exec: { command: ./bin/login } }"));
    expect((await session({ path })).tls).toMatchObject({ cert: testClient.cert, key: testClient.key });
  });

  it("is an error when it gives nothing, fails, or is not there; what it said is in no message", async () => {
    await plugin({ status: {} }, "secret-words");
    const path = await file("config", config("{ exec: { command: ./bin/login } }"));
    await expect(session({ path })).rejects.toThrow("neither a token nor a certificate");
    await expect(session({ path })).rejects.not.toThrow("secret-words");
    const missing = "{ exec: { command: otlpkit-no-such-login, installHint: get it from the shop } }";
    const absent = await file("absent", config(missing));
    await expect(session({ path: absent })).rejects.toThrow(/there is no such program; get it from the shop/);
  });
});

describe("a registry with a kubeconfig", () => {
  it("watches", async () => {
    const server = await fakeKubernetes();
    server.put("shop", sliceOf("one", [{ id: "a", host: "10.0.0.1", port: 4317 }]));
    const text = config("{ token: token-1 }").replace("https://127.0.0.1:6443", server.url);
    const access = kubeconfig({ path: await file("config", text) });
    const over = new AbortController();
    for await (const list of kubernetesRegistry("otlp-case", { access }).watch(over.signal)) {
      expect(list).toMatchObject([{ url: "http://10.0.0.1:4317", id: "a" }]);
      over.abort();
    }
    await server.close();
  });
});
