/** Who hands us data, as far as it was proved. */
export interface Caller {
  /** "alice", "spiffe://example/shop", or "anonymous" where nobody was asked. */
  readonly name: string;
  /** What proved it: "none", "bearer", "basic", "jwt", "mtls". */
  readonly method: string;
  /** Whose data these are, if the credentials say so. */
  readonly tenant?: string;
}

/** What a receiver knows of a request before it reads the body. */
export interface Knock {
  /** Request headers or gRPC metadata, names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The address that the request comes from, for records; "" on Unix sockets. */
  readonly address: string;
  /** The certificate that the other side showed and that was verified, DER, with its names. */
  readonly certificate?: CallerCertificate;
}

/** The certificate of the other side, verified by TLS. */
export interface CallerCertificate {
  /** Names of kind URI, such as SPIFFE ids. */
  readonly uris: readonly string[];
  /** Names of kind DNS. */
  readonly dnsNames: readonly string[];
  /** SHA-256 of the certificate, hex. */
  readonly fingerprint256: string;
  /** When it ends, ms since 1970. */
  readonly notAfterMs: number;
}

/** Checks at a receiver's door who is asking, before the body is read. */
export interface Authenticator {
  /** Names it in messages and metrics: "oidc", "basicauth". */
  readonly name: string;
  /**
   * Who it is.
   *
   * @throws ExportError "unauthenticated" (401, UNAUTHENTICATED) or "forbidden" (403, PERMISSION_DENIED) with a message
   *   that may be told to the other side and does not say which check failed; "unavailable" when it cannot be checked now.
   *   What exactly was wrong is the error's `cause`, for our own log.
   */
  authenticate(knock: Knock, signal: AbortSignal): Promise<Caller>;
  /** Lets go of timers and sockets. Safe to call twice. */
  close?(): Promise<void>;
}
