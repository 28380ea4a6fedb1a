import type { Endpoint } from "./endpoint.ts";
import type { Sender } from "./sender.ts";

/** A way to reach an endpoint: OTLP over HTTP, OTLP over gRPC, or one of your own. */
export interface Transport {
  /** Names it in messages and metrics: "http/protobuf", "grpc". */
  readonly name: string;
  /**
   * A sender that makes one attempt per `send` and maps what comes back to {@link Ack} or {@link ExportError}. Opens
   * lazily: no traffic until the first `send`. Reconnects by itself: a `send` after a broken connection opens a new one.
   */
  connect(endpoint: Endpoint): Sender;
}
