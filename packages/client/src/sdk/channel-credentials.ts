import type { TlsSettings } from "../options.ts";

// What is used of the objects of `@grpc/grpc-js`, which this package does not bring.

/** Headers of gRPC. */
export interface Metadata {
  getMap(): Readonly<Record<string, unknown>>;
  get(name: string): readonly (string | Uint8Array)[];
}

/** The one way that its credentials have to say whether they are for TLS. */
const isSecure = "_isSecure";

/** What `credentials.createInsecure()`, `createSsl(...)` and `combineChannelCredentials(...)` make. */
export interface ChannelCredentials {
  [isSecure](): boolean;
}

/** What could be found out about channel credentials. Their certificates cannot be read back. */
export interface ReadCredentials {
  readonly secure: boolean;
  readonly tls?: TlsSettings;
  /** Asks the call credentials that were combined with them. */
  readonly headers?: (serviceUrl: string) => Promise<Readonly<Record<string, string>>>;
}

interface Insides {
  readonly channelCredentials?: Insides;
  readonly callCredentials?: CallCredentials;
  readonly verifyOptions?: { readonly rejectUnauthorized?: boolean };
}

interface CallCredentials {
  generateMetadata(options: { readonly method_name: string; readonly service_url: string }): Promise<Metadata>;
}

export function readCredentials(credentials: ChannelCredentials): ReadCredentials {
  const { channelCredentials, callCredentials, verifyOptions } = credentials as Insides;
  const rejectUnauthorized = (channelCredentials?.verifyOptions ?? verifyOptions)?.rejectUnauthorized;
  return {
    secure: credentials[isSecure](),
    ...(rejectUnauthorized === false ? { tls: { insecureSkipVerify: true } } : {}),
    ...(callCredentials === undefined
      ? {}
      : {
          headers: async (serviceUrl) =>
            headersOf(await callCredentials.generateMetadata({ method_name: "Export", service_url: serviceUrl })),
        }),
  };
}

/** Metadata as headers: several values of a name are one with commas. The transport puts those of `-bin` into base64. */
export function headersOf(metadata: Metadata): Readonly<Record<string, string>> {
  const names = Object.keys(metadata.getMap());
  return Object.fromEntries(names.map((name) => [name, metadata.get(name).map(text).join(",")]));
}

function text(value: string | Uint8Array): string {
  return typeof value === "string" ? value : new TextDecoder().decode(value);
}
