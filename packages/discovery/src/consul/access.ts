import type { SourceTls } from "../http/tls.ts";

/** Where an agent of Consul is, and as whom it is spoken to. */
export interface ConsulAccess {
  /** `http://host:8500`, `https://host:8501` or `unix:///run/consul.sock`. Default "http://127.0.0.1:8500". */
  readonly url?: string;
  /** Asked before each request, so that certificates can be renewed. */
  readonly tls?: SourceTls | (() => SourceTls);
  /** The ACL token. Default none. */
  readonly token?: string;
  /** A file with the token, read again when the one that it had is refused. */
  readonly tokenPath?: string;
  /** Gets a token by an auth method of Consul, and gives it back at the end. */
  readonly login?: ConsulLogin;
  /** `user:password` for HTTP basic, where a proxy in front of the agent asks for it. */
  readonly basic?: string;
  /** A namespace (Enterprise). */
  readonly namespace?: string;
  /** An admin partition (Enterprise). */
  readonly partition?: string;
  /** Further headers of each request, none of them secret. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Time for an answer, beyond the time that a question waits for news. Default 10,000. */
  readonly timeoutMs?: number;
  /** The largest answer that is read. Default 16 MiB. */
  readonly maxBytes?: number;
  /** Send the token over connections that anybody in between can read. Default false; loopback needs no such leave. */
  readonly allowCleartext?: boolean;
}

/** `POST /v1/acl/login`. */
export interface ConsulLogin {
  /** The name of the auth method: "kubernetes", "jwt". */
  readonly authMethod: string;
  /** A file with the token of that method, such as that of a service account; read again for each login. */
  readonly bearerTokenPath: string;
  /** Goes into Consul's own log of who has logged in. */
  readonly meta?: Readonly<Record<string, string>>;
}
