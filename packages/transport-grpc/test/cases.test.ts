import { receiverCases, transportCases } from "@otlpkit/testkit/node";
import { grpcJsReceiver, grpcJsTransport } from "@otlpkit/transport-grpc/grpc-js";
import { grpcReceiver } from "@otlpkit/transport-grpc/server";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { describe, it } from "vitest";

describe("the node:http2 transport", () => {
  transportCases({ it }, grpcTransport, { backend: "grpc" });
});

describe("the node:http2 receiver", () => {
  receiverCases({ it }, grpcReceiver, { speaks: "grpc" });
});

describe("the grpc-js transport", () => {
  transportCases({ it }, grpcJsTransport, {
    backend: "grpc",
    cannot: {
      "sends a compressed body as it is and names its compression [A-20, C-07]":
        "grpc-js compresses by itself; a compressed body is undone first, with the compressors that are given",
    },
  });
});

describe("the grpc-js receiver", () => {
  receiverCases({ it }, grpcJsReceiver, {
    speaks: "grpc",
    cannot: {
      "refuses damaged gzip as invalid [D-14]": "grpc-js inflates by itself and says INTERNAL, which is final as well",
      "refuses what is not one whole message for good, and goes on [A-01, B-14]":
        "grpc-js takes any flag but 1 for uncompressed",
    },
  });
});
