import { type Batch, ExportError, type Sender, signals, type Transport } from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import { runCases } from "../index.ts";
import { transportCases } from "./index.ts";
import { rawHttp } from "./raw-http.ts";

/** What a transport can do in thirty lines; each `flaw` makes it break one promise. */
function plainTransport(flaw?: "retries" | "alters the body" | "retries a 500" | "forgets partial success"): Transport {
  return {
    name: "plain",
    connect({ url }): Sender {
      let closed = false;
      const post = (batch: Batch): ReturnType<typeof rawHttp> =>
        rawHttp(url, {
          path: signals[batch.signal].httpPath,
          headers: { "content-type": "application/x-protobuf" },
          body: flaw === "alters the body" ? batch.body.slice(0, -1) : batch.body,
        }).catch((error: unknown) => {
          throw new ExportError("unavailable", "cannot reach it", { cause: error });
        });
      return {
        async send(batch) {
          if (closed) throw new ExportError("closed", "closed");
          let response = await post(batch);
          if (flaw === "retries" && response.status === 503) response = await post(batch);
          const { status, body } = response;
          const retryable = [429, 502, 503, 504].includes(status) || (flaw === "retries a 500" && status === 500);
          if (status >= 300) throw new ExportError("rejected", `status ${status}`, { retryable });
          const partial = body.length > 4 && flaw !== "forgets partial success";
          return { rejectedItems: partial ? (body[3] ?? 0) : 0, message: "" };
        },
        close: async () => void (closed = true),
      };
    },
  };
}

const statuses =
  "may send again after 429, 502, 503 and 504 and after no other status from 400 to 599 [C-18, F-09, F-10]";
const bytes = "sends the same bytes each time [F-17, C-24]";
const golden = "sends every golden request byte for byte, the empty ones too [C-24, M-01]";
const partial = "reads every golden response of every signal [C-13, G-02, G-03, G-04]";

/** Runs only some of the cases, and says which of them failed. */
async function failing(transport: Transport, wanted: readonly string[]): Promise<string[]> {
  const { failed, passed } = await runCases(
    ({ it: run }) =>
      transportCases({ it: (name, body) => (wanted.includes(name) ? run(name, body) : undefined) }, () => transport, {
        backend: "http",
      }),
    { patienceMs: 2000 },
  );
  expect(failed.length + passed.length).toBe(wanted.length);
  return failed.map(({ name }) => name);
}

describe("transportCases", () => {
  const kept = [statuses, bytes, golden];

  it("passes a transport that keeps these promises", async () => {
    expect(await failing(plainTransport(), kept)).toEqual([]);
  });

  it("catches a transport that tries again by itself", async () => {
    expect(await failing(plainTransport("retries"), kept)).toEqual([statuses]);
  });

  it("catches a transport that holds a 500 to be temporary", async () => {
    expect(await failing(plainTransport("retries a 500"), kept)).toEqual([statuses]);
  });

  it("catches a transport that changes the body", async () => {
    expect(await failing(plainTransport("alters the body"), kept)).toEqual([golden]);
  });

  it("catches what such a simple transport leaves out: limits, deadlines, headers, TLS, partial success", async () => {
    const missing = [
      "sends its headers with every request [A-19, C-01]",
      partial,
      "does not send a request of one byte more, and says too-large [A-09, C-10, N1-01]",
      "trusts the authority that it is given, over TLS [A-21]",
      "ends with timeout, which is retryable, when the deadline passes [A-16, A-17, F-15]",
    ];
    expect(await failing(plainTransport("forgets partial success"), missing)).toEqual(missing);
  });
});
