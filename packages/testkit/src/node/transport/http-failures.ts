import type { ExportErrorCode } from "@otlpkit/core";
import { check, equal, exportError, failsWith } from "../../cases/check.ts";
import type { Case } from "../../cases/runner.ts";
import { goldenCase } from "../golden.ts";
import { httpBackend } from "../http-backend.ts";
import { goldenBatch, onBench, sendInto, type TransportSetting } from "./bench.ts";

const retryable = new Set([429, 502, 503, 504]);
const codes: Readonly<Record<number, ExportErrorCode>> = {
  400: "invalid",
  401: "unauthenticated",
  403: "forbidden",
  404: "unsupported",
  413: "too-large",
  415: "unsupported",
  429: "overloaded",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

/** What a refusal over HTTP means: C-16 to C-18, F-09 to F-12. */
export function httpFailureCases(setting: TransportSetting): Case[] {
  return [
    {
      name: "may send again after 429, 502, 503 and 504 and after no other status from 400 to 599 [C-18, F-09, F-10]",
      run: onBench(setting, async (bench) => {
        for (let httpStatus = 400; httpStatus < 600; httpStatus++) {
          const error = await exportError(sendInto(bench, { kind: "refuse", httpStatus }), String(httpStatus));
          equal(error.retryable, retryable.has(httpStatus), `whether ${httpStatus} may be sent again`);
        }
        equal(bench.backend.requests.length, 200, "requests, one for each status");
      }),
    },
    ...Object.entries(codes).map(([status, code]) => ({
      name: `calls a ${status} ${code}`,
      run: onBench(setting, async (bench) => {
        await failsWith(sendInto(bench, { kind: "refuse", httpStatus: Number(status) }), code, status);
      }),
    })),
    {
      name: "says what the far side said in its Status, in either encoding [C-17]",
      run: onBench(setting, async (bench) => {
        const { binary, json } = goldenCase("responses", "status-no-code");
        const { message } = JSON.parse(new TextDecoder().decode(json)) as { message: string };
        for (const [body, type] of [
          [binary, "application/x-protobuf"],
          [json, "application/json"],
        ] as const) {
          const headers = { "content-type": type };
          const answer = { kind: "refuse", httpStatus: 400, body: body ?? new Uint8Array(), headers } as const;
          const error = await exportError(sendInto(bench, answer), type);
          check(error.message.includes(message), `"${error.message}" has "${message}" in it`);
        }
      }),
    },
    {
      name: "goes by the HTTP status, not by the code in the body [C-17, F-10]",
      run: onBench(setting, async (bench) => {
        const answer = { kind: "refuse", httpStatus: 400, grpcStatus: 14, message: "come back" } as const;
        check(
          !(await exportError(sendInto(bench, answer), "400")).retryable,
          "a 400 that says UNAVAILABLE is permanent",
        );
        const other = { kind: "refuse", httpStatus: 503, grpcStatus: 3, message: "go away" } as const;
        check((await exportError(sendInto(bench, other), "503")).retryable, "a 503 that says INVALID_ARGUMENT is not");
      }),
    },
    {
      name: "is not put off by the page of a proxy [C-17]",
      run: onBench(setting, async (bench) => {
        const body = new TextEncoder().encode("<html><h1>502 Bad Gateway</h1></html>");
        for (const type of ["text/html", "application/json", "application/x-protobuf"]) {
          const headers = { "content-type": type };
          const error = await exportError(sendInto(bench, { kind: "refuse", httpStatus: 502, body, headers }), type);
          check(error.retryable, `a 502 as ${type} may be sent again`);
        }
      }),
    },
    {
      name: "reads Retry-After in seconds on every status that may be sent again [F-11]",
      run: onBench(setting, async (bench) => {
        for (const httpStatus of retryable) {
          const answer = { kind: "refuse", httpStatus, headers: { "retry-after": "5" } } as const;
          equal((await exportError(sendInto(bench, answer), "5")).retryAfterMs, 5000, `wait after ${httpStatus}`);
        }
      }),
    },
    {
      name: "reads Retry-After as a date [F-11]",
      run: onBench(setting, async (bench) => {
        const date = new Date(Date.now() + 30_000).toUTCString();
        const answer = { kind: "refuse", httpStatus: 503, headers: { "retry-after": date } } as const;
        const { retryAfterMs } = await exportError(sendInto(bench, answer), date);
        check(retryAfterMs > 10_000 && retryAfterMs <= 30_000, `${retryAfterMs} ms are about half a minute`);
      }),
    },
    {
      name: "leaves the wait to the caller when Retry-After is 0, gone by, nonsense or absent [F-06, F-12]",
      run: onBench(setting, async (bench) => {
        for (const value of ["0", "Wed, 21 Oct 2015 07:28:00 GMT", "abc", "-5", "1.5", undefined]) {
          const headers: Record<string, string> = value === undefined ? {} : { "retry-after": value };
          const error = await exportError(sendInto(bench, { kind: "refuse", httpStatus: 503, headers }), "503");
          equal(error.retryAfterMs, 0, `wait for ${value}`);
          check(error.retryable, "it may be sent again all the same");
        }
      }),
    },
    {
      name: "never turns a redirected POST into a GET, and sends the same body if it follows [C-16]",
      run: onBench(setting, async (bench) => {
        const { backend, sender } = bench;
        for (const httpStatus of [301, 302, 303, 307, 308]) {
          const before = backend.requests.length;
          const location = `${backend.url}/elsewhere`;
          backend.script({ kind: "refuse", httpStatus, headers: { location } }, { kind: "ok" });
          const followed = await sender.send(goldenBatch(), {}).then(
            () => true,
            () => false,
          );
          const [, second] = backend.requests.slice(before);
          equal(second !== undefined, followed, `whether ${httpStatus} was followed`);
          if (!second) continue;
          equal(second.method, "POST", `method after ${httpStatus}`);
          equal(second.body.length, goldenBatch().body.length, `bytes after ${httpStatus}`);
        }
      }),
    },
    {
      name: "does not carry its headers to another origin [C-16]",
      run: onBench(
        setting,
        async ({ backend, sender }) => {
          const other = await httpBackend();
          try {
            const headers = { location: `${other.url}/v1/traces` };
            backend.script({ kind: "refuse", httpStatus: 307, headers });
            await sender.send(goldenBatch(), {}).catch(() => undefined);
            for (const { headers: seen } of other.requests) equal(seen["authorization"], undefined, "authorization");
          } finally {
            await other.close();
          }
        },
        { headers: { authorization: "Bearer secret" } },
      ),
    },
  ];
}
