import { receiverCases, transportCases } from "@otlpkit/testkit/node";
import { describe, it } from "vitest";
import { fetchTransport } from "./fetch/index.ts";
import { httpTransport } from "./index.ts";
import { httpReceiver } from "./server/index.ts";

describe("httpTransport", () => transportCases({ it }, httpTransport, { backend: "http" }));

describe("fetchTransport in Node", () => {
  const connections = "the platform owns the connections";
  const proxies = "the platform owns its proxies";
  const trust = "the platform owns trust and certificates";
  transportCases({ it }, (settings) => fetchTransport({ userAgent: "", ...settings }), {
    backend: "http",
    cannot: {
      "may send again after 429, 502, 503 and 504 and after no other status from 400 to 599 [C-18, F-09, F-10]":
        "the platform makes a network error of 407; fetch-transport.test.ts goes through the others",
      "sends over one connection as long as nothing overlaps [C-19]": connections,
      "leaves no connection open when it is closed": connections,
      "does not send over a connection again that died without a word [A-25, F-15]": connections,
      "opens no more connections than it may [C-21, H-04]": connections,
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
      "goes through a proxy that speaks TLS [A-21]": proxies,
      "trusts the authority that it is given, over TLS [A-21]": trust,
      "shows its certificate to a server that asks for one [A-21]": trust,
    },
  });
});

describe("httpReceiver", () => receiverCases({ it }, httpReceiver, { speaks: "http" }));
