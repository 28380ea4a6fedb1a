import type { Metadata, ServerInterceptingCallInterface, ServerInterceptor, StatusObject } from "@grpc/grpc-js";
import { type Caller, callerCertificate, ExportError, type Signal, signalNames, signals } from "@otlpkit/core";
import { encodeStatus, type Status, statusOf } from "@otlpkit/otlp/replies";
import { allowance } from "../server/allowance.ts";
import { type Approach, callerOf } from "../server/caller-of.ts";
import { bounded, hasDetails } from "../server/exchange.ts";
import { type FilledReceiverOptions, refusalOf } from "../server/options.ts";
import { tenantOf, tenantRefusal } from "../server/tenant.ts";
import type { GrpcJs } from "./load.ts";

/** Where there is no room for this much, a call is refused unread. */
const leastBytes = 16 * 1024;

const signalOfPath: ReadonlyMap<string, Signal> = new Map(signalNames.map((name) => [signals[name].grpcPath, name]));

/**
 * Refuses calls that there is no room for before grpc-js reads and decompresses them. How large a message is, grpc-js
 * does not tell before it is there, so what is held for it is held from then on only.
 */
export function admission(grpc: GrpcJs, options: FilledReceiverOptions, callers: Callers): ServerInterceptor {
  return ({ path }, call) => {
    const signal = signalOfPath.get(path);
    if (signal === undefined) return new grpc.ServerInterceptingCall(call);
    return new grpc.ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, admit) {
            const refuse = (tenant: string | undefined, error: ExportError, address?: string): void => {
              options.onRefused(refusalOf(signal, tenant, error, address));
              call.sendStatus(statusObject(grpc, statusOf(error)));
            };
            const welcome = (caller: Caller | undefined): void => {
              const tenant = caller?.tenant ?? tenantOf(options.tenantHeader, headersOf(metadata));
              const error = tenantRefusal(tenant) ?? roomRefusal(options, tenant);
              if (error !== undefined) return refuse(tenant, error);
              if (caller !== undefined) callers.set(metadata, caller);
              return admit(metadata);
            };
            if (options.authenticator === undefined) return welcome(undefined);
            const approach = approachOf(call, metadata);
            callerOf(options.authenticator, approach, AbortSignal.timeout(longestCheckMs)).then(
              welcome,
              (error: unknown) =>
                refuse(undefined, ExportError.from(error, "cannot tell who is asking"), approach.address),
            );
          },
        }),
    });
  };
}

/** Who made a call, by its metadata, which is one object from here to its end. */
export type Callers = WeakMap<Metadata, Caller>;

/** grpc-js does not tell here when a caller goes away. */
const longestCheckMs = 30_000;

function approachOf(call: ServerInterceptingCallInterface, metadata: Metadata): Approach {
  const address = call.getPeer().replace(/:\d+$/u, "");
  const shown = call.getAuthContext().sslPeerCertificate;
  const certificate =
    shown?.raw === undefined
      ? undefined
      : callerCertificate(new (process.getBuiltinModule("node:crypto").X509Certificate)(shown.raw));
  const headers = Object.fromEntries(
    Object.keys(metadata.getMap()).map((name) => {
      const values = headersOf(metadata)(name) ?? [];
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
  return { headers, address, certificate };
}

function roomRefusal(options: FilledReceiverOptions, tenant: string | undefined): ExportError | undefined {
  const held = allowance(options.budget, tenant, options.retryAfterMs);
  const bytes = Math.min(leastBytes, held.largestBytes);
  try {
    held.hold(bytes);
    held.hold(-bytes);
    return undefined;
  } catch (error) {
    return ExportError.from(error);
  }
}

/** Values of headers by their names, base64 where they are binary. */
export function headersOf(metadata: Metadata): (name: string) => string[] | undefined {
  return (name) => {
    const values = metadata.get(name).map((value) => (typeof value === "string" ? value : value.toString("base64")));
    return values.length === 0 ? undefined : values;
  };
}

/** A status as grpc-js wants it, short enough for headers. */
export function statusObject(grpc: GrpcJs, full: Status): StatusObject {
  const status = bounded(full);
  const metadata = new grpc.Metadata();
  if (hasDetails(status)) metadata.set("grpc-status-details-bin", Buffer.from(encodeStatus(status, "protobuf")));
  return { code: status.code, details: status.message, metadata };
}
