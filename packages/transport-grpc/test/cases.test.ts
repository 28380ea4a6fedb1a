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
  const proxies = "grpc-js finds its proxy in the environment, and takes none as an option";
  transportCases({ it }, grpcJsTransport, {
    backend: "grpc",
    cannot: {
      "sends a compressed body as it is and names its compression [A-20, C-07]":
        "grpc-js compresses by itself; a compressed body is undone first, with the compressors that are given",
      "does not send over a connection again that died without a word [A-25, F-15]":
        "grpc-js does not tell about its connections; after three timeouts in a row it gets new ones",
      "goes through its proxy to a plain endpoint, and uses the connection again": proxies,
      "shows its proxy on the way to a plain endpoint its credentials, and the far side none": proxies,
      "fails for good when the proxy on the way to a plain endpoint does not accept its credentials": proxies,
      "may send again when the proxy does not reach a plain endpoint at the moment, and does so": proxies,
      "finds its way to a plain endpoint again after its proxy hung up [A-25]": proxies,
      "ends in time when the proxy on the way to a plain endpoint does not answer, and leaves it [A-17]": proxies,
      "goes through its proxy to an endpoint with TLS, and uses the connection again": proxies,
      "shows its proxy on the way to an endpoint with TLS its credentials, and the far side none": proxies,
      "fails for good when the proxy on the way to an endpoint with TLS does not accept its credentials": proxies,
      "may send again when the proxy does not reach an endpoint with TLS at the moment, and does so": proxies,
      "finds its way to an endpoint with TLS again after its proxy hung up [A-25]": proxies,
      "ends in time when the proxy on the way to an endpoint with TLS does not answer, and leaves it [A-17]": proxies,
      "may send again when its proxy is not there, and names it": proxies,
      "trusts an endpoint through a proxy no more than without [A-21]": proxies,
      "goes through a proxy that speaks TLS [A-21]": proxies,
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
