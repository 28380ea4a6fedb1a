import type { SourceTls } from "../http/tls.ts";

/** How etcd is reached. */
export interface EtcdConnectOptions {
  /**
   * The members of the cluster: `http://10.0.0.1:2379` or `https://…`, all with the same scheme. One is used at a time; when
   * it fails, the next.
   */
  readonly endpoints: readonly string[];
  /** For `https:`. Asked before each connection when it is a function, so that certificates can be renewed. */
  readonly tls?: SourceTls | (() => SourceTls);
  /** A user of etcd, when authentication is on. With client certificates (`--client-cert-auth`) none is needed. */
  readonly username?: string;
  /** The password of `username`. */
  readonly password?: string;
  /**
   * Send the password, and the tokens that it gives, over connections that anybody in between can read. Default false;
   * connections within the machine need no such leave.
   */
  readonly allowCleartext?: boolean;
  /** Time for one answer of one member, a connection included. Default 5,000. */
  readonly timeoutMs?: number;
  /**
   * A connection in use that has been silent for so long is pinged, and given up when it does not answer within half of
   * that. Default 15,000; below 5,000 members hang up.
   */
  readonly pingMs?: number;
  /** The largest message that is read. Default 64 MiB. */
  readonly maxMessageBytes?: number;
}
