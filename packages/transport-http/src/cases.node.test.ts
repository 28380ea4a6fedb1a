import { receiverCases, transportCases } from "@otlpkit/testkit/node";
import { describe, it } from "vitest";
import { fetchTransport } from "./fetch/index.ts";
import { httpTransport } from "./index.ts";
import { httpReceiver } from "./server/index.ts";

describe("httpTransport", () => transportCases({ it }, httpTransport, { backend: "http" }));

describe("fetchTransport in Node", () => {
  const connections = "the platform owns the connections";
  const trust = "the platform owns trust and certificates";
  transportCases({ it }, (settings) => fetchTransport({ userAgent: "", ...settings }), {
    backend: "http",
    cannot: {
      "may send again after 429, 502, 503 and 504 and after no other status from 400 to 599 [C-18, F-09, F-10]":
        "the platform makes a network error of 407; fetch-transport.test.ts goes through the others",
      "sends over one connection as long as nothing overlaps [C-19]": connections,
      "leaves no connection open when it is closed": connections,
      "opens no more connections than it may [C-21, H-04]": connections,
      "trusts the authority that it is given, over TLS [A-21]": trust,
      "shows its certificate to a server that asks for one [A-21]": trust,
    },
  });
});

describe("httpReceiver", () => receiverCases({ it }, httpReceiver, { speaks: "http" }));
