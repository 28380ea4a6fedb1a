// Canaries are planted wherever a secret goes into a relay: in every place of its configuration, in the environment, in
// files, in what senders show and in what servers answer. Things go well or wrong at random, and no canary may be seen in
// anything that comes out.
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { readConfiguration } from "@otlpkit/config";
import { type Batch, ExportError } from "@otlpkit/core";
import { log as makeLog } from "@otlpkit/telemetry";
import { seeded } from "@otlpkit/testkit";
import { testServer } from "@otlpkit/testkit/node";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { httpTransport } from "@otlpkit/transport-http";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { banner } from "../src/banner.ts";
import { configurationFromEnvironment } from "../src/from-environment.ts";
import { language, type RelayConfiguration } from "../src/language.ts";
import { type Relay, startRelay } from "../src/start-relay.ts";
import { pipelinesTo } from "./running.ts";

/** Where a canary sits tells who has let it out: its name is part of it. */
type Plant = (name: string) => string;

let folder: string;
let server: Server;
/** A backend, an issuer of tokens and keys, a registry, all in one: what it answers is up to a test. */
let behave: (request: IncomingMessage, response: ServerResponse) => void;
const printed: string[] = [];
const streams = [process.stdout, process.stderr] as const;
const writes = streams.map((stream) => stream.write.bind(stream));
const spans = seeded(11).traces({ items: 2 });
const { privateKey } = generateKeyPairSync("ed25519");

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "otlpkit-canary-"));
  writeFileSync(join(folder, "cert"), testServer.cert);
  writeFileSync(join(folder, "key"), testServer.key);
  writeFileSync(join(folder, "signing"), privateKey.export({ type: "pkcs8", format: "pem" }));
  server = createServer((request, response) => behave(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  for (const stream of streams) {
    stream.write = (chunk: string | Uint8Array): boolean => {
      printed.push(String(chunk));
      return true;
    };
  }
});
afterAll(() => {
  for (const [at, stream] of streams.entries()) stream.write = writes[at]!;
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const place = (): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;

/** A file that holds what was planted. */
function file(plant: Plant, name: string, text = plant(name)): string {
  const path = join(folder, `file-${name}`);
  writeFileSync(path, text);
  return path;
}

/** Ways to write a part of a configuration: some are right, or at least look so at the start. */
interface Ways {
  readonly well: Readonly<Record<string, (plant: Plant) => string>>;
  readonly wrong: Readonly<Record<string, (plant: Plant) => string>>;
}

/** One extension that proves or checks who somebody is. */
const proofs: Ways = {
  well: {
    bearer: (plant) => `bearertokenauth: { token: "${plant("token")}" }`,
    "bearer from the environment": () => 'bearertokenauth: { token: "${env:SECRET}" }',
    "bearer from a file": (plant) => `bearertokenauth: { filename: "${file(plant, "token-file")}" }`,
    "a token with a line end": (plant) =>
      `bearertokenauth: { filename: "${file(plant, "two-lines", `${plant("l")}\\n\\nx`)}" }`,
    callers: (plant) => `bearertokenauth: { token: a, callers: [{ name: shop, token: "${plant("caller")}" }] }`,
    key: (plant) => `bearertokenauth: { header: x-api-key, token: "${plant("api-key")}" }`,
    basic: (plant) =>
      `basicauth: { htpasswd: { inline: "alice:${plant("inline")}" }, client_auth: { username: alice, password: "${plant("password")}" } }`,
    headers: (plant) => `headers_setter: { headers: [{ key: x-one, value: "${plant("value")}" }] }`,
    oauth2: (plant) =>
      `oauth2client: { client_id: relay, client_secret: "${plant("client-secret")}", token_url: "http://${place()}/token", endpoint_params: { key: "${plant("parameter")}" } }`,
    "oauth2 with an url of secrets": (plant) =>
      `oauth2client: { client_id: relay, client_secret: "${plant("secret-two")}", token_url: "http://u:${plant("url-password")}@${place()}/token?key=${plant("url-query")}" }`,
    oidc: (plant) =>
      `oidc: { issuer_url: "http://${place()}", audience: a, jwks_url: "http://u:${plant("jwks-password")}@${place()}/jwks?k=${plant("jwks-query")}" }`,
    "oidc with keys that are none": (plant) =>
      `oidc: { issuer_url: "https://issuer.example", audience: a, public_keys_file: "${file(plant, "no-keys")}" }`,
  },
  wrong: {
    "a bearer of a wrong shape": (plant) => `bearertokenauth: { token: ["${plant("token-list")}"] }`,
    "a bearer with a wrong key": (plant) => `bearertokenauth: { tokne: "${plant("wrong-key")}" }`,
    "basic of no shape": (plant) =>
      `basicauth: { htpasswd: { inline: "${plant("no-colon")}" }, client_auth: { username: "a:${plant("colon")}", password: p } }`,
    "oauth2 with a key that is none": (plant) =>
      `oauth2client: { client_id: relay, auth_method: private_key_jwt, private_key_file: "${file(plant, "no-key")}", token_url: "http://${place()}/token" }`,
    "oauth2 in clear": (plant) =>
      `oauth2client: { client_id: relay, client_secret: s, token_url: "http://u:${plant("clear")}@auth.example/?k=${plant("clear-query")}" }`,
  },
};

const certificates: Ways = {
  well: {
    none: () => "",
    good: () => `, tls: { cert_file: "${folder}/cert", key_file: "${folder}/key" }`,
  },
  wrong: {
    "a key that is none": (plant) => `, tls: { cert_file: "${folder}/cert", key_file: "${file(plant, "tls-key")}" }`,
    "a key in its place that is none": (plant) =>
      `, tls: { cert_file: "${folder}/cert", key_pem: "-----BEGIN PRIVATE KEY-----${plant("tls-pem")}" }`,
    "what is no PEM": (plant) => `, tls: { cert_pem: "${plant("tls-cert")}", key_pem: "${plant("tls-no-pem")}" }`,
  },
};

const audits: Ways = {
  well: {
    none: () => "",
    files: (plant) =>
      `audit: { directory: "${folder}/audit", console: true, signing_key_file: "${folder}/signing", hmac_key_file: "${file(plant, "hmac")}", summary_interval: 0s }`,
    "over OTLP": (plant) =>
      `audit: { otlp: { endpoint: "http://u:${plant("audit-password")}@${place()}/audit", headers: { authorization: "${plant("audit-header")}" } } }`,
  },
  wrong: {
    "with a key that is none": (plant) => `audit: { console: true, signing_key_file: "${file(plant, "audit-key")}" }`,
  },
};

const exporters: Ways = {
  well: {
    http: (plant) =>
      `otlphttp: { endpoint: "http://u:${plant("endpoint-password")}@${place()}/p?key=${plant("endpoint-query")}", headers: { x-key: "${plant("header")}" }`,
    grpc: (plant) => `otlp: { endpoint: "http://${place()}", headers: { x-key: "${plant("grpc-header")}" }`,
    "headers from the environment": () =>
      `otlphttp: { endpoint: "http://${place()}", headers: { authorization: "\${env:SECRET}" }`,
    consul: (plant) =>
      `otlphttp: { discovery: { consul: { service: otlp, url: "http://u:${plant("consul-password")}@${place()}", token: "${plant("consul-token")}" } }`,
    eureka: (plant) =>
      `otlphttp: { discovery: { eureka: { application: otlp, urls: ["http://u:${plant("eureka-password")}@${place()}/eureka"] } }`,
  },
  wrong: {
    "an url that is none": (plant) => `otlphttp: { endpoint: "${plant("no-url")}"`,
    "a header that is none": (plant) =>
      `otlphttp: { endpoint: "http://${place()}", headers: { "x y": "${plant("bad-header")}" }`,
    "a header with a line end": (plant) =>
      `otlphttp: { endpoint: "http://${place()}", headers: { x: "${plant("line")}\\r\\nx" }`,
  },
};

const storages: Ways = {
  well: {
    none: () => "",
    value: (plant) => `{ id: k, value: "${plant("key-in-place")}" }`,
    file: (plant) => `{ id: k, file: "${file(plant, "key-in-file")}" }`,
  },
  wrong: {
    passphrase: (plant) => `{ id: k, passphrase: "${plant("short").slice(0, 11)}" }`,
  },
};

const answers: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
  well: (_request, response) => void response.writeHead(200, { "content-type": "application/x-protobuf" }).end(),
  never: (request) => void request.socket.destroy(),
  busy: (_request, response) => void response.writeHead(503, { "retry-after": "1" }).end(),
  unauthorized: (_request, response) => void response.writeHead(401).end(),
  nonsense: (request) => void request.socket.end("nonsense\r\n\r\n"),
};

/** Everything that somebody might print of a value. */
function shown(value: unknown): string {
  const ways = [
    () => inspect(value, { depth: 6, showHidden: true, getters: true }),
    () => JSON.stringify(value),
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

/** The canary as it is and as it might be written: in hex, as bytes, and in Base64 wherever in a text it began. */
function disguises(canary: string): string[] {
  const hex = Buffer.from(canary).toString("hex");
  const shifted = [0, 1, 2].map((shift) => {
    const text = Buffer.from("_".repeat(shift) + canary).toString("base64");
    return text.slice(shift === 0 ? 0 : 4, -4);
  });
  return [canary, hex, hex.slice(0, 24).match(/../gu)!.join(" "), ...shifted];
}

const parts = { proof: proofs, certificate: certificates, audit: audits, exporter: exporters, storage: storages };
type Part = keyof typeof parts;
const partNames = Object.keys(parts) as Part[];

/** Mostly one part is wrong: with more, only the first would be found. */
const plan = fc
  .record({
    seed: fc.stringMatching(/^[a-z0-9]{16}$/u),
    wrong: fc.constantFrom(undefined, ...partNames, ...partNames.map(() => undefined)),
    picks: fc.record(
      Object.fromEntries(partNames.map((part) => [part, fc.nat()])) as Record<Part, fc.Arbitrary<number>>,
    ),
    answer: fc.constantFrom(...Object.keys(answers)),
    side: fc.constantFrom("door", "exporter", "both"),
    format: fc.constantFrom("text" as const, "json" as const),
  })
  .map(({ wrong, picks, ...rest }) => {
    const choose = (part: Part): ((plant: Plant) => string) => {
      const ways = Object.values(part === wrong ? parts[part].wrong : parts[part].well);
      return ways[picks[part] % ways.length]!;
    };
    return { ...rest, choose };
  });
type Plan = typeof plan extends fc.Arbitrary<infer P> ? P : never;

/** What an extension can do only one side for. */
const onlySide: Readonly<Record<string, Plan["side"]>> = {
  headers_setter: "exporter",
  oauth2client: "exporter",
  oidc: "door",
};

function written({ choose, ...chosen }: Plan, plant: Plant): string {
  const extension = choose("proof")(plant);
  const name = extension.split(":")[0]!;
  const side = onlySide[name] ?? chosen.side;
  const destination = choose("exporter")(plant);
  const id = destination.split(":")[0]!;
  const key = choose("storage")(plant);
  const auth = `, auth: { authenticator: ${name} }`;
  const door = `endpoint: "127.0.0.1:0" ${side === "exporter" ? "" : auth} ${choose("certificate")(plant)}`;
  const kept = key === "" ? "" : ", sending_queue: { storage: file_storage }";
  return `
receivers: { otlp: { protocols: { grpc: { ${door} }, http: { ${door} } } } }
extensions:
  ${extension}
  file_storage: { directory: "${folder}/storage", fsync: false ${key === "" ? "" : `, encryption: { keys: [${key}] }`} }
exporters:
  ${destination}${side === "door" ? "" : auth}${kept}, retry_on_failure: { enabled: false }, timeout: 300ms }
service:
  status: { endpoint: "127.0.0.1:0" }
  ${choose("audit")(plant)}
  drain_timeout: 200ms
  extensions: [${name}${key === "" ? "" : ", file_storage"}]
  pipelines:
${pipelinesTo(id)}`;
}

/** Sends as people do who have secrets, in the right place and in wrong ones. */
async function send(relay: Relay, plant: Plant, outputs: unknown[]): Promise<void> {
  const headers = {
    authorization: `Bearer ${plant("shown")}`,
    cookie: `session=${plant("cookie")}`,
    "x-api-key": plant("shown-key"),
  };
  const deadline = (): number => performance.now() + 1000;
  for (const { label, url } of relay.doors) {
    const batch: Batch = { ...spans, headers };
    const transport = label === "HTTP" ? httpTransport({ tls: { ca: testServer.cert } }) : grpcTransport();
    const sender = transport.connect({ url });
    await sender.send(batch, { deadline: deadline() }).catch((error: unknown) => outputs.push(error));
    await sender.close();
    if (label !== "HTTP" || !url.startsWith("http:")) continue;
    const requests: [string, RequestInit][] = [
      [
        `/v1/traces?token=${plant("query")}`,
        { body: '{"resourceSpans":[]}', headers: { "content-type": "application/json" } },
      ],
      ["/v1/traces", { body: `{"${plant("body")}`, headers: { "content-type": "application/json", ...headers } }],
      ["/v1/traces", { body: "", headers: { authorization: `Basic ${btoa(`alice:${plant("guess")}`)}` } }],
      ["/v1/traces", { body: "", headers: { authorization: plant("no-scheme") } }],
    ];
    for (const [path, init] of requests) {
      const response = await fetch(`${url}${path}`, { method: "POST", ...init });
      // The one who sent it may see it again; our own records may not.
      await response.arrayBuffer();
    }
  }
}

it("canaries in settings, environment, files, requests and answers are never seen in anything that comes out", async () => {
  let started = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(plan, async (chosen) => {
      const planted: string[] = [];
      const plant: Plant = (name) => {
        // 32 characters, as a key for AES must have them.
        const canary = `${`canary${name.replaceAll("-", "")}`.slice(0, 22)}${chosen.seed}`.slice(0, 32).padEnd(32, "x");
        planted.push(canary);
        return canary;
      };
      printed.length = 0;
      const outputs: unknown[] = [];
      behave = (request, response) =>
        (request.url?.startsWith("/audit") ? answers["well"]! : answers[chosen.answer]!)(request, response);
      const environment = { SECRET: plant("environment") };
      const log = makeLog({
        format: chosen.format,
        level: "debug",
        color: false,
        maxRepeats: 1e6,
        write: (line) => void outputs.push(line),
      });
      let relay: Relay | undefined;
      try {
        const text = written(chosen, plant);
        const configuration = await readConfiguration({ text, file: "relay.yaml", environment }, language);
        outputs.push(...configuration.warnings);
        relay = await startRelay(configuration, { log });
        started++;
        outputs.push(banner(relay, { version: "1", source: "relay.yaml", color: false }), relay);
        await send(relay, plant, outputs);
        for (const path of ["/status", "/metrics", "/healthz"]) {
          outputs.push(await (await fetch(`${relay.status}${path}`)).text());
        }
        outputs.push(relay.ledger(), relay.doors, [...relay.destinations]);
      } catch (error) {
        refused++;
        outputs.push(error);
        if (relay === undefined && error instanceof TypeError) throw error;
      } finally {
        await relay?.close(200);
      }
      if (existsSync(join(folder, "audit"))) {
        const names = readdirSync(join(folder, "audit"));
        outputs.push(...names.map((name) => readFileSync(join(folder, "audit", name), "utf8")));
      }
      rmSync(join(folder, "audit"), { recursive: true, force: true });
      rmSync(join(folder, "storage"), { recursive: true, force: true });
      const all = `${outputs.map((each) => (typeof each === "string" ? each : shown(each))).join("\n")}\n${printed.join("")}`;
      for (const canary of planted) {
        for (const disguise of disguises(canary)) {
          const at = all.indexOf(disguise);
          expect(at < 0 ? "" : all.slice(Math.max(0, at - 300), at + 200)).toBe("");
        }
      }
    }),
    { numRuns: 16 },
  );
  // Or it would have shown nothing.
  expect(started).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
});

it("canaries in the variables that steer a relay without a file are not seen either", async () => {
  const secret = "canaryenvironment";
  const read = async (variables: Record<string, string>): Promise<string> => {
    const { value, warnings } = configurationFromEnvironment(variables);
    const lines: string[] = [...warnings];
    const log = makeLog({ format: "json", level: "debug", write: (line) => void lines.push(line) });
    try {
      const configuration: RelayConfiguration = await readConfiguration({ value, file: "environment" }, language);
      const relay = await startRelay(
        { ...configuration, service: { ...configuration.service, status: { enabled: false, endpoint: undefined } } },
        { log },
      );
      lines.push(banner(relay, { version: "1", source: "", color: false }), shown([...relay.destinations]));
      await relay.close(100);
    } catch (error) {
      expect(ExportError.is(error) || error instanceof Error).toBe(true);
      lines.push(shown(error));
    }
    return lines.join("\n");
  };
  const doors = { RELAY_GRPC_ENDPOINT: "127.0.0.1:0", RELAY_HTTP_ENDPOINT: "127.0.0.1:0" };
  const cases: Record<string, string>[] = [
    { OTLP_ENDPOINT: `http://u:${secret}@127.0.0.1:1/?k=${secret}` },
    { OTLP_ENDPOINT: `https://u:${secret}@127.0.0.1:1`, OTLP_PROTOCOL: "grpc" },
    { OTLP_ENDPOINT: "http://127.0.0.1:1", OTEL_EXPORTER_OTLP_HEADERS: `authorization=${secret}` },
    { OTLP_ENDPOINT: "http://127.0.0.1:1", OTEL_EXPORTER_OTLP_HEADERS: secret },
    { OTLP_ENDPOINT: "http://127.0.0.1:1", OTEL_EXPORTER_OTLP_HEADERS: `a b=${secret},%zz=${secret}` },
  ];
  for (const each of cases) expect(await read({ ...doors, ...each })).not.toContain(secret);
});
