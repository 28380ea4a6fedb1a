import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import type { ChannelCredentials, ChannelOptions, Client } from "@grpc/grpc-js";
import type { FilledOptions } from "../options.ts";
import type { Target } from "../target.ts";
import { secureContext } from "../tls.ts";
import { userAgentOf } from "../version.ts";
import { streamWindowBytes } from "../windows.ts";
import { type GrpcJs, pemBuffer } from "./load.ts";

/** Encodings that grpc-js can send, with the numbers it gives them. It compresses by itself, a channel at a time. */
export const sendable: Readonly<Record<string, number>> = { identity: 0, deflate: 1, gzip: 2 };

/** A grpc-js client that sends everything in one encoding. It connects when first used. */
export function channel(grpc: GrpcJs, target: Target, encoding: string, options: FilledOptions): Client {
  const channelOptions: ChannelOptions = {
    "grpc.max_receive_message_length": options.maxResponseBytes,
    // Ours has been checked already, with a better message.
    "grpc.max_send_message_length": -1,
    "grpc.primary_user_agent": userAgentOf(options.userAgent),
    "grpc.default_compression_algorithm": sendable[encoding] ?? 0,
    "grpc.use_local_subchannel_pool": 1,
    // One attempt per send; `retry` is another room.
    "grpc.enable_retries": 0,
    // A send right after a restart of the far side should find it, so do not wait up to two minutes between attempts.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1_000,
    "grpc-node.flow_control_window": streamWindowBytes,
  };
  if (options.keepaliveMs > 0) {
    channelOptions["grpc.keepalive_time_ms"] = options.keepaliveMs;
    channelOptions["grpc.keepalive_timeout_ms"] = options.keepaliveTimeoutMs;
  }
  const { serverName } = options.tls.current;
  if (target.tls && serverName !== undefined) {
    channelOptions["grpc.ssl_target_name_override"] = serverName;
    channelOptions["grpc.default_authority"] = serverName;
  } else if (target.tls && isIP(target.host) !== 0) {
    // grpc-js would ask for the address by name (SNI), which Node refuses to do. It is checked all the same, see below.
    channelOptions["grpc.ssl_target_name_override"] = "localhost";
  }
  return new grpc.Client(addressOf(target), credentials(grpc, target, options), channelOptions);
}

function addressOf({ socketPath, host, address }: Target): string {
  if (socketPath !== undefined) return `unix:${socketPath}`;
  return host.includes(":") ? `ipv6:${address}` : `dns:${address}`;
}

function credentials(grpc: GrpcJs, target: Target, options: FilledOptions): ChannelCredentials {
  if (!target.tls) return grpc.credentials.createInsecure();
  const tls = options.tls.current;
  const check = tls.checkServerIdentity ?? checkServerIdentity;
  const verify = {
    rejectUnauthorized: tls.insecureSkipVerify !== true,
    checkServerIdentity: (_: string, certificate: PeerCertificate) => check(tls.serverName ?? target.host, certificate),
  };
  const { minVersion, maxVersion, ciphers, ecdhCurve } = tls;
  if (minVersion ?? maxVersion ?? ciphers ?? ecdhCurve) {
    // There is no other way to tell it.
    return grpc.credentials.createFromSecureContext(secureContext(tls), verify);
  }
  return grpc.credentials.createSsl(
    pemBuffer(tls.ca, "ca"),
    pemBuffer(tls.key, "key"),
    pemBuffer(tls.cert, "cert"),
    verify,
  );
}
