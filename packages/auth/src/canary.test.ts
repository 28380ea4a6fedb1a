// Canaries are planted wherever a secret goes in, things are made to go wrong in random ways, and no canary may be seen in
// anything that comes out: errors with all their causes, what inspection shows of our objects, JSON, what is printed.
import { type Encryption, ExportError } from "@otlpkit/core";
import { fakeVault, type VaultFault } from "@otlpkit/testkit/node";
import fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encryption, keyRing, passphraseKey, rawKey, secretKeyRing, transitKey } from "./encryption/index.ts";
import {
  appRole,
  environment,
  file,
  fixed,
  folder,
  kubernetes,
  secret,
  type SecretSource,
  vault,
  type VaultLogin,
  vaultToken,
} from "./secrets/index.ts";

let place: string;
let fake: Awaited<ReturnType<typeof fakeVault>>;
const printed: string[] = [];
const streams = [process.stdout, process.stderr] as const;
const writes = streams.map((stream) => stream.write.bind(stream));

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), "otlpkit-canary-"));
  fake = await fakeVault();
  await ask("sys/mounts/kv", { type: "kv", options: { version: "2" } });
  await ask("sys/auth/approle", { type: "approle" });
  await ask("sys/mounts/transit", { type: "transit" });
  for (const stream of streams) {
    stream.write = (chunk: string | Uint8Array): boolean => {
      printed.push(String(chunk));
      return true;
    };
  }
});
afterAll(async () => {
  for (const [at, stream] of streams.entries()) stream.write = writes[at]!;
  await fake.close();
  rmSync(place, { recursive: true });
});

const ask = (path: string, body: object): Promise<unknown> =>
  fetch(`${fake.url}/v1/${path}`, {
    method: "POST",
    headers: { "x-vault-token": fake.rootToken },
    body: JSON.stringify(body),
  });

/** Everything that somebody might print of a value. */
function shown(value: unknown): string {
  const ways = [
    () => inspect(value, { depth: 12, showHidden: true, getters: true }),
    () => inspect(value, { depth: 12, customInspect: false, showHidden: true }),
    () => JSON.stringify(value),
    () => String(value),
    () => (value instanceof Error ? `${value.stack} ${shown(value.cause)}` : ""),
  ];
  return ways
    .map((way) => {
      try {
        return way();
      } catch {
        // Some things cannot be shown this way at all.
        return "";
      }
    })
    .join("\n");
}

/** The canary as it is and as it might be written. */
const disguises = (canary: string): string[] => [
  canary,
  Buffer.from(canary).toString("hex"),
  Buffer.from(canary).toString("base64").slice(0, -4),
  encodeURIComponent(canary),
  [...Buffer.from(canary)].slice(0, 12).join(", "),
  (Buffer.from(canary).toString("hex").slice(0, 24).match(/../g) ?? []).join(" "),
];

const canaries = fc
  .array(fc.stringMatching(/^[a-z0-9]{24}$/), { minLength: 6, maxLength: 6 })
  .map((values) => values.map((value, at) => `canary${at}${value}`));

const faults = fc.option(
  fc.record({
    times: fc.constantFrom(1, 3),
    path: fc.constantFrom(/^auth/, /^kv/, /^transit/, /unwrap/, /./),
    kind: fc.constantFrom("reset", "echo", "html", "redirect", "userinfo", "header", "sealed"),
    status: fc.constantFrom(200, 204, 301, 307, 400, 403, 404, 412, 429, 472, 500, 503),
  }),
  { freq: 4 },
);

describe("canaries", () => {
  it("that are planted in tokens, ids, passphrases, keys, addresses, headers and answers are never seen", async () => {
    let problems = 0;
    await fc.assert(
      fc.asyncProperty(canaries, faults, fc.nat({ max: 11 }), async (planted, fault, choice) => {
        const [a = "", b = "", c = "", d = "", e = "", f = ""] = planted;
        const outputs: unknown[] = [];
        fake.heal();
        writeFileSync(join(place, "token"), a);
        writeFileSync(join(place, "current"), b);
        await ask("kv/data/a", { data: { value: c, current: d, key: e } });
        if (fault) fake.fail(faultOf(fault, f));
        const logins: (() => VaultLogin)[] = [
          () => vaultToken(a),
          () => vaultToken(secret(a)),
          () => vaultToken(file(join(place, "token"))),
          () => appRole({ roleId: a, secretId: b }),
          () => appRole({ roleId: fixed(a), secretId: environment("X", { X: b }), wrapped: true }),
          () => kubernetes({ role: "relay", jwt: `${a}.${b}.${c}` }),
          () => vaultToken(fake.rootToken),
        ];
        const steps: (() => unknown)[] = [
          ...logins.map((make) => async () => {
            const login = make();
            const client = vault({
              url: fake.url,
              login,
              retryForMs: 20,
              timeoutMs: 500,
              onError: (error) => outputs.push(error),
            });
            outputs.push(login, client);
            const sources: SecretSource<unknown>[] = [
              client.secret("kv/a"),
              client.secrets("kv/a"),
              client.secret("kv/a", { field: "nope" }),
              client.leased("kv/data/a"),
            ];
            outputs.push(...sources);
            for (const source of sources)
              await source.get().then(
                (value) => outputs.push(value),
                (error) => outputs.push(error),
              );
            const keys = keyRing({ current: transitKey("t", client.transit("otlp")) });
            await tryFiles(encryption({ keys }), outputs);
            await tryFiles(encryption({ keys: secretKeyRing(client.secrets("kv/a")) }), outputs);
            await client.close();
          }),
          () => vault({ url: `https://${a}:${b}@vault.example/`, login: vaultToken(c) }),
          () => vault({ url: `https://vault.example/?token=${a}`, login: vaultToken(c) }),
          () => rawKey("k", secret(a)),
          () => passphraseKey("p", secret(a), { iterations: 1 }),
          () => tryFiles(encryption({ keys: secretKeyRing(folder(place)) }), outputs),
        ];
        try {
          outputs.push(await steps[choice % steps.length]?.());
        } catch (error) {
          outputs.push(error);
        }
        problems += outputs.filter((output) => ExportError.is(output)).length;
        const all = outputs.map(shown).join("\n") + printed.join("");
        for (const canary of planted) {
          for (const disguise of disguises(canary)) {
            const at = all.indexOf(disguise);
            expect(at < 0 ? "" : all.slice(Math.max(0, at - 200), at + 200)).toBe("");
          }
        }
      }),
      { numRuns: 80 },
    );
    // Or it would have shown nothing.
    expect(problems).toBeGreaterThan(50);
  });
});

async function tryFiles(box: Encryption, outputs: unknown[]): Promise<void> {
  try {
    const made = await box.create("a");
    outputs.push(made, await box.open(made.header, "b"));
  } catch (error) {
    outputs.push(error);
  }
}

function faultOf(fault: { kind: string; status: number; times: number; path: RegExp }, canary: string): VaultFault {
  const { kind, status, times, path } = fault;
  if (kind === "reset") return { times, path, answer: "reset" };
  const body = JSON.stringify({
    errors: [canary],
    data: { value: canary, ttl: canary },
    auth: { client_token: canary },
  });
  const answers: Record<string, VaultFault["answer"]> = {
    echo: { status, body },
    html: { status, body: `<p>${canary}</p>` },
    redirect: { status: 307, headers: { location: `https://elsewhere.example/${canary}?${canary}` }, body },
    userinfo: { status: 307, headers: { location: `http://${canary}:${canary}@127.0.0.1:9/` }, body },
    header: { status, headers: { "retry-after": canary, "x-vault-index": canary, "x-other": canary }, body },
    sealed: { status: 503, body },
  };
  return { times, path, answer: answers[kind] ?? "reset" };
}
