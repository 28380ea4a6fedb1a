/** What the command line asks for. */
export type Command =
  | { readonly kind: "run"; readonly config: string | undefined; readonly logFormat: "text" | "json" | undefined }
  | { readonly kind: "validate"; readonly config: string }
  | { readonly kind: "version" }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

export const usage = `usage: otlpkit-relay [--config FILE] [--log-format text|json]
       otlpkit-relay validate --config FILE

  --config FILE        run what FILE describes, in the OpenTelemetry Collector's language;
                       without it: receive on 4317 and 4318, write files into ./data
  --log-format FORMAT  text for people, json for machines (default: text)
  --version            say which version this is
  --help               say this

environment, when there is no --config:
  OTLP_ENDPOINT=URL              forward there instead of writing files
  OTLP_PROTOCOL=PROTOCOL         grpc, http/protobuf or http/json (default: by the port; 4318 is HTTP)
  OTEL_EXPORTER_OTLP_*           understood as OpenTelemetry's SDKs do
  RELAY_GRPC_ENDPOINT=HOST:PORT  receive gRPC there (default: 127.0.0.1:4317)
  RELAY_HTTP_ENDPOINT=HOST:PORT  receive HTTP there (default: 127.0.0.1:4318)
  RELAY_STATUS_ENDPOINT=HOST:PORT  health and metrics (default: 127.0.0.1:8080)
  RELAY_DATA=FOLDER              write files there (default: ./data)
`;

/** Reads the command line, without the names of program and script. */
export function readArguments(words: readonly string[]): Command {
  const options = new Map<string, string>();
  const plain: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const [, name, inline] = /^(--?[^=]+)(?:=(.*))?$/su.exec(words[at]!) ?? [];
    if (name === undefined) plain.push(words[at]!);
    else if (name === "--help" || name === "-h") return { kind: "help" };
    else if (name === "--version" || name === "-v") return { kind: "version" };
    else if (name === "--config" || name === "--log-format") {
      const value = inline ?? words[++at];
      if (value === undefined || value === "") return wrong(`${name} needs a value`);
      if (options.has(name)) return wrong(`${name} is given twice`);
      options.set(name, value);
    } else return wrong(`there is no option ${name}`);
  }
  const config = options.get("--config");
  const logFormat = options.get("--log-format");
  if (logFormat !== undefined && logFormat !== "text" && logFormat !== "json") {
    return wrong(`--log-format is text or json, not "${logFormat}"`);
  }
  if (plain.length === 0) return { kind: "run", config, logFormat };
  if (plain[0] !== "validate" || plain.length > 1) return wrong(`there is no command "${plain.join(" ")}"`);
  return config === undefined ? wrong("validate needs --config FILE") : { kind: "validate", config };
}

function wrong(message: string): Command {
  return { kind: "wrong", message };
}
