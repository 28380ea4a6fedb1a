import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import type { Bench, Finding } from "../bench.ts";
import { amounts } from "./client.ts";

const exec = promisify(execFile);
const here = fileURLToPath(new URL("..", import.meta.url));

/** G1 and G3: what the client weighs before it does anything. */
export const weight: readonly Bench[] = [
  { name: "G1 import of the client", run: imports },
  { name: "G3 browser bundle", run: bundles },
];

interface Start {
  readonly ms: number;
  readonly mebibytes: number;
}

/** Over a bare Node, each in a fresh process, from the built packages as npm installs them. */
async function imports(): Promise<readonly Finding[]> {
  const ours = `await import("@otlpkit/client")`;
  const theirs = `await import("@opentelemetry/sdk-trace"); await import("@opentelemetry/exporter-trace-otlp-proto")`;
  const peer = "SDK 3.1 + OTLP exporter";
  const over = (code: string, part: keyof Start) => async (): Promise<number> =>
    (await start(code))[part] - (await start(""))[part];
  return [
    ...(await amounts(
      "G1",
      "import, over bare Node",
      "ms",
      over(ours, "ms"),
      over(theirs, "ms"),
      { atMost: 15 },
      peer,
    )),
    ...(await amounts(
      "G1",
      "memory of the import, over bare Node",
      "MiB",
      over(ours, "mebibytes"),
      over(theirs, "mebibytes"),
      { atMost: 7 },
      peer,
    )),
  ];
}

async function start(code: string): Promise<Start> {
  const program = `const begun = performance.now(); ${code}; const ms = performance.now() - begun;
console.log(JSON.stringify({ ms, mebibytes: process.memoryUsage.rss() / 2 ** 20 }))`;
  const { stdout } = await exec(process.execPath, ["--input-type=module", "--eval", program], { cwd: here });
  return JSON.parse(stdout) as Start;
}

const ourEntry = `
import { createClient } from "@otlpkit/client";
import { OtlpSpanProcessor } from "@otlpkit/client/sdk";
globalThis.processor = new OtlpSpanProcessor({ client: createClient({ endpoint: "/otlp" }) });
`;
const theirEntry = `
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as Proto } from "@opentelemetry/exporter-trace-otlp-proto";
globalThis.processor = [OTLPTraceExporter, Proto].map((Exporter) => new BatchSpanProcessor({ exporter: new Exporter() }));
`;

/** HTTP, protobuf and batching, minified and gzipped. */
async function bundles(): Promise<readonly Finding[]> {
  const ours = await bundled(ourEntry);
  const theirs = await bundled(theirEntry);
  return [
    {
      id: "G3",
      work: "browser bundle: HTTP, protobuf, batching; min + gzip",
      peer: "BatchSpanProcessor + exporters http and proto",
      unit: "KB",
      ours,
      theirs,
      spread: [ours, ours],
      goal: { atMost: 7 },
    },
  ];
}

async function bundled(contents: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: here },
    bundle: true,
    minify: true,
    write: false,
    // What is loaded only when it is needed, for old browsers, is a file of its own.
    splitting: true,
    outdir: "out",
    platform: "browser",
    format: "esm",
    target: "es2022",
    conditions: ["@otlpkit/source", "module"],
  });
  const first = outputFiles.find(({ path }) => path.endsWith("stdin.js"));
  if (first === undefined) throw new Error("esbuild made no bundle");
  const text = first.text;
  const parts = [...text.matchAll(/from\s*"\.\/([^"]+)"/g)].map(([, name]) =>
    outputFiles.find(({ path }) => path.endsWith(name as string)),
  );
  const eager = [text, ...parts.map((part) => part?.text ?? "")].join("\n");
  return gzipSync(eager, { level: 9 }).byteLength / 1000;
}
