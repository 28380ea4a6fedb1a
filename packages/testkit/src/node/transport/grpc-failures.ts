import type { ExportErrorCode } from "@otlpkit/core";
import { check, equal, exportError, failsWith } from "../../cases/check.ts";
import type { Case } from "../../cases/runner.ts";
import type { RefuseAnswer } from "../backend.ts";
import { goldenCase } from "../golden.ts";
import { onBench, sendInto, type TransportSetting } from "./bench.ts";

const retryable = new Set([1, 4, 10, 11, 14, 15]);
const codes: Readonly<Record<number, ExportErrorCode>> = {
  3: "invalid",
  7: "forbidden",
  8: "too-large",
  12: "unsupported",
  14: "unavailable",
  16: "unauthenticated",
};

/** What a refusal over gRPC means: A-13, F-02 to F-06, F-08, F-21. */
export function grpcFailureCases(setting: TransportSetting): Case[] {
  const withDetails = (name: string, grpcStatus: number, change = (value: string) => value): RefuseAnswer => ({
    kind: "refuse",
    grpcStatus,
    detailsBin: change(goldenCase("responses", name).detailsBin ?? ""),
  });
  return [
    {
      name: "may send again after 1, 4, 10, 11, 14 and 15 and after no other code [A-13, F-02, F-03]",
      run: onBench(setting, async (bench) => {
        for (let grpcStatus = 1; grpcStatus <= 16; grpcStatus++) {
          for (const trailersOnly of [true, false]) {
            const answer = { kind: "refuse", grpcStatus, trailersOnly, message: "as the script says" } as const;
            const error = await exportError(sendInto(bench, answer), String(grpcStatus));
            equal(error.retryable, retryable.has(grpcStatus), `whether ${grpcStatus} may be sent again`);
            equal(error.grpcStatus, grpcStatus, "the code that the error carries");
            check(error.message.includes("as the script says"), "the error says what the far side said");
          }
        }
        equal(bench.backend.requests.length, 32, "requests, one for each answer");
      }),
    },
    ...Object.entries(codes).map(([status, code]) => ({
      name: `calls a status ${status} ${code}`,
      run: onBench(setting, async (bench) => {
        await failsWith(sendInto(bench, { kind: "refuse", grpcStatus: Number(status) }), code, status);
      }),
    })),
    {
      name: "takes a code that is not in the list for a permanent one",
      run: onBench(setting, async (bench) => {
        check(
          !(await exportError(sendInto(bench, { kind: "refuse", grpcStatus: 99 }), "99")).retryable,
          "99 is permanent",
        );
      }),
    },
    {
      name: "may send again after RESOURCE_EXHAUSTED only with RetryInfo [F-04]",
      run: onBench(setting, async (bench) => {
        const outcomes = [
          ["status-exhausted-retryinfo-1s", true],
          ["status-exhausted-no-retryinfo", false],
          ["status-exhausted-other-detail", false],
        ] as const;
        for (const [name, expected] of outcomes) {
          const error = await exportError(sendInto(bench, withDetails(name, 8)), name);
          equal(error.retryable, expected, `whether ${name} may be sent again`);
        }
      }),
    },
    {
      name: "reads the delay of RetryInfo, seconds and nanos, from headers and from trailers [F-05, F-06]",
      run: onBench(setting, async (bench) => {
        const delays = [
          ["status-unavailable-retryinfo-5s", 5000],
          ["status-unavailable-retryinfo-250ms", 250],
          ["status-unavailable-retryinfo-zero", 0],
        ] as const;
        for (const [name, expected] of delays) {
          for (const trailersOnly of [true, false]) {
            const error = await exportError(sendInto(bench, { ...withDetails(name, 14), trailersOnly }), name);
            equal(error.retryAfterMs, expected, `wait for ${name}`);
            check(error.retryable, `${name} may be sent again`);
          }
        }
      }),
    },
    {
      name: "reads details with padding and without [F-08]",
      run: onBench(setting, async (bench) => {
        // Three lengths of text, so that all three kinds of padding occur.
        for (const message of ["a", "ab", "abc"]) {
          const answer = { kind: "refuse", message, retryAfterMs: 1000 } as const;
          equal((await exportError(sendInto(bench, answer), message)).retryAfterMs, 1000, "wait without padding");
        }
        const padded = withDetails("status-unavailable-retryinfo-250ms", 14, (value) => {
          const bare = value.replace(/=+$/, "");
          return bare.padEnd(Math.ceil(bare.length / 4) * 4, "=");
        });
        equal((await exportError(sendInto(bench, padded), "padded")).retryAfterMs, 250, "wait with padding");
      }),
    },
    {
      name: "ignores details that are garbage [F-08]",
      run: onBench(setting, async (bench) => {
        for (const detailsBin of ["AAAA", "////", "CAMS/w", Buffer.from("not a message").toString("base64")]) {
          const unavailable = await exportError(sendInto(bench, { kind: "refuse", detailsBin }), detailsBin);
          equal([unavailable.retryable, unavailable.retryAfterMs], [true, 0], `14 with ${detailsBin}`);
          const exhausted = await exportError(
            sendInto(bench, { kind: "refuse", grpcStatus: 8, detailsBin }),
            detailsBin,
          );
          check(!exhausted.retryable, `8 with ${detailsBin} is permanent`);
        }
      }),
    },
    {
      name: "understands the message of a status with percent signs and beyond ASCII",
      run: onBench(setting, async (bench) => {
        const message = "50 % voll – später wieder";
        const error = await exportError(sendInto(bench, { kind: "refuse", message }), message);
        check(error.message.includes(message), `"${error.message}" has "${message}" in it`);
      }),
    },
    {
      name: "understands a proxy that answers without gRPC: 429, 502, 503, 504 may be sent again, 400 to 404 not [F-21]",
      run: onBench(setting, async (bench) => {
        const outcomes = { 400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14 };
        for (const [httpStatus, grpcStatus] of Object.entries(outcomes)) {
          const error = await exportError(
            sendInto(bench, { kind: "refuse", httpStatus: Number(httpStatus) }),
            httpStatus,
          );
          equal(error.grpcStatus, grpcStatus, `the gRPC code of ${httpStatus}`);
          equal(error.retryable, grpcStatus === 14, `whether ${httpStatus} may be sent again`);
        }
      }),
    },
    {
      name: "does not take an answer without a status for a success",
      run: onBench(setting, async (bench) => {
        await exportError(sendInto(bench, { kind: "ok", trailers: false }), "no trailers");
        await exportError(sendInto(bench, { kind: "refuse", httpStatus: 200 }), "a page of HTML with status 200");
      }),
    },
  ];
}
