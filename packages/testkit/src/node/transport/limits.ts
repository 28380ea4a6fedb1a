import { check, equal, exportError, failsWith } from "../../cases/check.ts";
import type { Case } from "../../cases/runner.ts";
import type { Answer } from "../backend.ts";
import { plainGzip } from "../gzip-compressor.ts";
import { goldenBatch, onBench, sendInto, type TransportSetting } from "./bench.ts";

/** Sizes, C-09 to C-12. */
export function limitCases(setting: TransportSetting): Case[] {
  const { body } = goldenBatch();
  const compressors = [plainGzip()];
  const maxResponseBytes = 10_000;
  const tooLarge: Readonly<Record<string, Answer>> = {
    "an answer of more bytes than that": { kind: "ok", body: new Uint8Array(maxResponseBytes + 1) },
    "an answer that becomes too large by decompression": { kind: "ok", body: new Uint8Array(1 << 20), gzip: true },
    "an answer without end": { kind: "endless" },
    ...(setting.speaks === "http"
      ? {
          "a 503 of more bytes than that": {
            kind: "refuse",
            httpStatus: 503,
            body: new Uint8Array(maxResponseBytes + 1),
          },
          "a compressed 503 without end": { kind: "endless", httpStatus: 503, gzip: true },
        }
      : {}),
  };
  return [
    {
      name: "sends a request of exactly maxRequestBytes [A-08, C-09, N1-01]",
      run: onBench(
        setting,
        async ({ backend, sender }) => {
          await sender.send(goldenBatch(), {});
          equal(backend.requests.length, 1, "requests");
        },
        { maxRequestBytes: body.length },
      ),
    },
    {
      name: "does not send a request of one byte more, and says too-large [A-09, C-10, N1-01]",
      run: onBench(
        setting,
        async ({ backend, sender }) => {
          const error = await failsWith(sender.send(goldenBatch(), {}), "too-large", "a byte too many");
          check(!error.retryable, "it is not to be sent again");
          equal(backend.requests.length, 0, "requests");
        },
        { maxRequestBytes: body.length - 1 },
      ),
    },
    {
      name: "reads an answer of exactly maxResponseBytes [A-11, C-11, N1-01]",
      run: onBench(
        setting,
        async (bench) => {
          const message = "w".repeat(200);
          const { message: read } = await sendInto(bench, { kind: "ok", message });
          equal(read, message, "the warning");
        },
        // partial_success: tag, two bytes of length; error_message: the same again.
        { maxResponseBytes: 200 + 3 + 3 },
      ),
    },
    ...Object.entries(tooLarge).map(([what, answer]) => ({
      name: `gives up ${what}, for good [A-11, A-12, C-11, C-12]`,
      run: onBench(
        setting,
        async (bench) => {
          const error = await exportError(sendInto(bench, answer), what);
          check(!error.retryable, "it is not to be sent again");
        },
        { maxResponseBytes, compressors },
      ),
    })),
    {
      name: "goes on after an answer that was too large",
      run: onBench(
        setting,
        async (bench) => {
          await exportError(sendInto(bench, { kind: "endless" }), "an answer without end");
          await sendInto(bench, { kind: "ok" });
        },
        { maxResponseBytes },
      ),
    },
    {
      name: "reads a compressed answer [C-08]",
      run: onBench(
        setting,
        async (bench) => {
          const ack = await sendInto(bench, { kind: "ok", rejectedItems: 2, message: "two", gzip: true });
          equal(ack, { rejectedItems: 2, message: "two" }, "the answer");
        },
        { compressors },
      ),
    },
  ];
}
