import { freePort } from "@otlpkit/testkit/node";
import { type RelayProcess, relayProcess } from "../hostile/relay-process.ts";

/** Where a relay is reached. It stays, also when the relay behind it comes again. */
export interface Place {
  readonly id: string;
  readonly host: string;
  readonly grpcPort: number;
  readonly httpPort: number;
}

/** What all relays behind have in common. */
export interface Behind {
  /** Where they deliver: "127.0.0.1:4317". */
  readonly sink: string;
  /** `registration: { ... }` below `service`, if they register themselves. */
  readonly registration?: (place: Place) => string;
}

/** The request header by which the sink knows which relay has delivered. */
export const relayHeader = "x-relay";

/** Starts a relay that answers when its data have arrived, so that it may be killed at any moment. */
export async function relayBehind(place: Place, { sink, registration }: Behind, name: string): Promise<RelayProcess> {
  const { host, grpcPort, httpPort } = place;
  const statusPort = await freePort();
  const pipeline = "{ receivers: [otlp], exporters: [otlp] }";
  return relayProcess(
    `
receivers:
  otlp: { protocols: { grpc: { endpoint: "${host}:${grpcPort}" }, http: { endpoint: "${host}:${httpPort}" } } }
exporters:
  otlp:
    endpoint: "http://${sink}"
    compression: none
    headers: { ${relayHeader}: "${name}" }
    retry_on_failure: { initial_interval: 20ms, max_interval: 200ms }
    sending_queue: { num_consumers: 16 }
service:
  status: { endpoint: "127.0.0.1:${statusPort}" }
  ${registration?.(place) ?? ""}
  pipelines: { traces: ${pipeline}, logs: ${pipeline}, metrics: ${pipeline} }
`,
    statusPort,
  );
}
