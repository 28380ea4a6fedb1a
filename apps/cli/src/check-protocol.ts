import { ExportError, protobufBatch, type Signal, signalNames, signals } from "@otlpkit/core";
import type { Step } from "./check.ts";
import { connect, type Destination, shownUrl } from "./destination.ts";

/** Is an empty request of this signal taken? Tells trouble with the protocol or with credentials from a missing signal. */
export async function signalStep(to: Destination, signal: Signal): Promise<Step> {
  const start = performance.now();
  const error = await attempt({ ...to, compression: "none" }, signal);
  const where = shownUrl(to, signal);
  if (!error) {
    return { name: signal, outcome: "ok", detail: `${where} answers in ${(performance.now() - start).toFixed(1)} ms` };
  }
  if (error.code === "unauthenticated" || error.code === "forbidden") {
    return {
      name: "credentials",
      outcome: "failed",
      detail: error.message,
      advice: 'send what the server asks for: --header "authorization=Bearer TOKEN"',
    };
  }
  if (error.code === "unsupported") {
    // Profiles are in development: most servers do not take them.
    const outcome = signal === "profiles" ? "no" : "failed";
    const advice = signal === "profiles" ? {} : { advice: missingAdvice(to) };
    return { name: signal, outcome, detail: error.message, ...advice };
  }
  return {
    name: signal === "traces" ? "protocol" : signal,
    outcome: "failed",
    detail: error.message,
    advice: advise(to, error),
  };
}

/** Is a body with this content coding understood? Only identity and gzip are promised by the protocol (D-01, B-01). */
export async function compressionStep(to: Destination, coding: string): Promise<Step> {
  const error = await attempt({ ...to, compression: coding }, "traces");
  if (!error) return { name: coding, outcome: "ok", detail: "understood" };
  const required = coding === "gzip";
  return {
    name: coding,
    outcome: required ? "failed" : "no",
    detail: required ? error.message : "not understood",
    ...(required && { advice: "every OTLP server must understand gzip; send without compression until it does" }),
  };
}

async function attempt(to: Destination, signal: Signal): Promise<ExportError | undefined> {
  const sender = connect(to, { compressEverything: true });
  try {
    await sender.send(protobufBatch(signal, new Uint8Array(), 0), { deadline: performance.now() + to.timeoutMs });
    return undefined;
  } catch (error) {
    return ExportError.from(error);
  } finally {
    await sender.close();
  }
}

/** People give the URL of one signal where the one that all signals share is wanted (I-03). */
function missingAdvice({ url, protocol }: Destination): string {
  const path = signalNames.map((signal) => signals[signal].httpPath).find((one) => url.endsWith(one));
  if (protocol === "grpc" || path === undefined) return "the server has no pipeline for this signal, or another path";
  return `leave ${path} off the endpoint: it is put behind it for each signal`;
}

function advise({ protocol, url }: Destination, { code }: ExportError): string {
  const other = protocol === "grpc" ? "http/protobuf" : "grpc";
  if (code === "timeout") return "it listens but does not answer: look at its log, or try --timeout 30s";
  if (code === "overloaded" || code === "unavailable") {
    return `the server is not ready, or speaks another protocol: try --protocol ${other}`;
  }
  return `is ${url} an OTLP endpoint? try --protocol ${other}, or port ${protocol === "grpc" ? 4318 : 4317}`;
}
