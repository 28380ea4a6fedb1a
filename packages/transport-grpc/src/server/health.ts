import { ExportError, type Signal, signals } from "@otlpkit/core";

/** What a receiver asks to answer `grpc.health.v1`; `Health` of `@otlpkit/telemetry` is one. */
export interface ServingStatus {
  /** Whether a service takes work: "" is the whole, any other name a part. `undefined`: there is no such part. */
  serving(service: string): boolean | undefined;
  /** Calls `changed` whenever an answer may have become another, until the function that it gives back is called. */
  onChange(changed: () => void): () => void;
}

/** The two calls of `grpc.health.v1.Health`, on messages; both engines put them on the wire. */
export interface HealthService {
  /** The HealthCheckResponse; `undefined` when there is no such service (NOT_FOUND). @throws ExportError "invalid" */
  check(request: Uint8Array): Uint8Array | undefined;
  /**
   * Tells a HealthCheckResponse now and whenever it becomes another, until the function that it gives back is called.
   *
   * @throws ExportError "invalid"
   */
  watch(request: Uint8Array, tell: (response: Uint8Array) => void): () => void;
}

/** Paths of the two calls. */
export const healthPaths: Readonly<Record<string, "check" | "watch">> = {
  "/grpc.health.v1.Health/Check": "check",
  "/grpc.health.v1.Health/Watch": "watch",
};

/** A name in a HealthCheckRequest that is longer than this is nobody's. */
export const maxHealthRequestBytes = 4_096;

const [servingCode, notServingCode, unknownCode] = [1, 2, 3];

/** Answers for `status`. The services of the protocol that are offered here serve as long as the whole does. */
export function healthService(status: ServingStatus, offered: readonly Signal[]): HealthService {
  const own = new Set(offered.map((signal) => signals[signal].grpcPath.split("/")[1]));
  const ask = (service: string): boolean | undefined =>
    status.serving(service) ?? (own.has(service) ? status.serving("") : undefined);
  const codeOf = (service: string): number => {
    const serving = ask(service);
    return serving === undefined ? unknownCode : serving ? servingCode : notServingCode;
  };

  return {
    check(request) {
      const code = codeOf(readService(request));
      return code === unknownCode ? undefined : response(code);
    },
    watch(request, tell) {
      const service = readService(request);
      let told: number | undefined;
      const look = (): void => {
        const code = codeOf(service);
        if (code === told) return;
        told = code;
        tell(response(code));
      };
      const stop = status.onChange(look);
      look();
      return stop;
    },
  };
}

/** HealthCheckResponse: `status` is field 1, a varint. */
function response(code: number): Uint8Array {
  return Uint8Array.of(0x08, code);
}

/** HealthCheckRequest: `service` is field 1, text; the last one counts, and fields not known are passed over. */
function readService(request: Uint8Array): string {
  let service = "";
  let at = 0;
  while (at < request.byteLength) {
    const tag = varint();
    const wireType = tag % 8;
    if (wireType === 2) {
      const length = varint();
      const end = at + length;
      if (end > request.byteLength) throw malformed();
      if (tag === 0x0a) service = new TextDecoder().decode(request.subarray(at, end));
      at = end;
    } else if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else throw malformed();
    if (tag < 8 || at > request.byteLength) throw malformed();
  }
  return service;

  function varint(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 63; factor *= 128) {
      const byte = request[at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw malformed();
  }
}

function malformed(): ExportError {
  return new ExportError("invalid", "the message is no HealthCheckRequest of grpc.health.v1");
}
