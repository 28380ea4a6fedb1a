import { type Batch, signalNames, signals } from "@otlpkit/core";
import { gzipSync } from "node:zlib";
import { check, equal, failsWith, sameBytes } from "../../cases/check.ts";
import type { Case } from "../../cases/runner.ts";
import { seeded } from "../../seeded.ts";
import { golden } from "../golden.ts";
import { goldenBatch, onBench, sendOnce, type TransportSetting } from "./bench.ts";

/** What goes out: groups A, C and J. */
export function requestCases(setting: TransportSetting): Case[] {
  const grpc = setting.speaks === "grpc";
  return [
    {
      name: "sends each signal as one POST to its own path with its own type [A-01, A-02, C-01, C-02, C-05]",
      run: onBench(setting, async (bench) => {
        for (const signal of signalNames) {
          const { method, path, headers } = await sendOnce(bench, goldenBatch(signal));
          equal(method, "POST", `method for ${signal}`);
          equal(path, grpc ? signals[signal].grpcPath : signals[signal].httpPath, `path for ${signal}`);
          const type = headers["content-type"] ?? "";
          if (grpc) check(/^application\/grpc(\+proto)?$/.test(type), `"${type}" is the content type of gRPC`);
          else equal(type, "application/x-protobuf", "content type");
        }
        equal(bench.backend.requests.length, signalNames.length, "requests");
      }),
    },
    {
      name: "sends every golden request byte for byte, the empty ones too [C-24, M-01]",
      run: onBench(setting, async (bench) => {
        for (const { signal, binary, name } of [...golden({ group: "edge" }), ...golden({ group: "binary-only" })]) {
          if (!signal || !binary) continue;
          const batch: Batch = { ...goldenBatch(signal), body: binary };
          sameBytes((await sendOnce(bench, batch)).body, binary, name);
        }
      }),
    },
    {
      name: "sends five megabytes with its default limits [A-08, C-09]",
      run: onBench(setting, async (bench) => {
        const batch = seeded(1).traces({ items: 12_000 });
        check(batch.body.length > 5_000_000, "the batch is more than five megabytes");
        sameBytes((await sendOnce(bench, batch)).body, batch.body, "the body");
      }),
    },
    {
      name: "sends the same bytes each time [F-17, C-24]",
      run: onBench(setting, async (bench) => {
        const batch = seeded(1).logs();
        const [first, second] = [await sendOnce(bench, batch), await sendOnce(bench, batch)];
        sameBytes(second.body, first.body, "the second body");
      }),
    },
    {
      name: "names no compression for a plain body [A-20, C-07]",
      run: onBench(setting, async (bench) => {
        const { headers, compressedFlag } = await sendOnce(bench, goldenBatch());
        if (grpc)
          check(["identity", undefined].includes(headers["grpc-encoding"]), "grpc-encoding is identity or absent");
        else equal(headers["content-encoding"], undefined, "content-encoding");
        equal(compressedFlag, 0, "the flag of the frame");
      }),
    },
    {
      name: "sends a compressed body as it is and names its compression [A-20, C-07]",
      run: onBench(setting, async (bench) => {
        const body = new Uint8Array(gzipSync(goldenBatch().body));
        const request = await sendOnce(bench, { ...goldenBatch(), body, encoding: "gzip" });
        equal(request.headers[grpc ? "grpc-encoding" : "content-encoding"], "gzip", "the compression");
        equal(request.compressedFlag, grpc ? 1 : 0, "the flag of the frame");
        sameBytes(request.body, body, "the body");
      }),
    },
    {
      name: "sends its headers with every request [A-19, C-01]",
      run: onBench(
        setting,
        async (bench) => {
          for (let n = 0; n < 2; n++)
            equal((await sendOnce(bench, goldenBatch())).headers["x-token"], "t 1", "x-token");
        },
        { headers: { "X-Token": "t 1" } },
      ),
    },
    {
      name: "sends the headers of a batch, which come over its own",
      run: onBench(
        setting,
        async (bench) => {
          const batch: Batch = { ...goldenBatch(), headers: { "x-tenant": "of the batch" } };
          equal((await sendOnce(bench, batch)).headers["x-tenant"], "of the batch", "x-tenant with a batch's own");
          equal((await sendOnce(bench, goldenBatch())).headers["x-tenant"], "of all", "x-tenant without");
        },
        { headers: { "x-tenant": "of all" } },
      ),
    },
    {
      name: "says in its User-Agent what it is, with a version [A-26, J-01, J-03]",
      run: onBench(setting, async (bench) => {
        const agent = (await sendOnce(bench, goldenBatch())).headers["user-agent"] ?? "";
        check(/^[\w.!#$%&'*+^`|~-]+\/\d[\w.+-]*( |$)/.test(agent), `"${agent}" begins with product/version`);
      }),
    },
    {
      name: "names a custom product in front of itself [J-02]",
      run: async () => {
        let own = "";
        await onBench(setting, async (bench) => {
          own = (await sendOnce(bench, goldenBatch())).headers["user-agent"] ?? "";
        })();
        await onBench(
          setting,
          async (bench) => {
            equal((await sendOnce(bench, goldenBatch())).headers["user-agent"], `shop/1.2 ${own}`, "user-agent");
          },
          { userAgent: "shop/1.2" },
        )();
      },
    },
    ...(grpc ? grpcOnly(setting) : httpOnly(setting)),
  ];
}

function grpcOnly(setting: TransportSetting): Case[] {
  return [
    {
      name: "asks for trailers, without which many servers do not answer [A-01]",
      run: onBench(setting, async (bench) => {
        equal((await sendOnce(bench, goldenBatch())).headers["te"], "trailers", "te");
      }),
    },
    {
      name: "tells the far side how much time is left [A-17, A-18]",
      run: onBench(setting, async ({ backend, sender }) => {
        await sender.send(goldenBatch(), { deadline: performance.now() + 5000 });
        const timeout = backend.requests[0]?.headers["grpc-timeout"] ?? "";
        check(/^\d{1,8}[HMSmun]$/.test(timeout), `"${timeout}" is a grpc-timeout`);
        const unitMs = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }[timeout.slice(-1)] ?? 0;
        const ms = Number(timeout.slice(0, -1)) * unitMs;
        check(ms > 0 && ms <= 5001, `${ms} ms are at most five seconds`);
      }),
    },
    {
      name: "refuses JSON as unsupported without sending it",
      run: onBench(setting, async ({ backend, sender }) => {
        await failsWith(sender.send({ ...goldenBatch(), format: "json" }, {}), "unsupported", "JSON");
        equal(backend.requests.length, 0, "requests");
      }),
    },
  ];
}

function httpOnly(setting: TransportSetting): Case[] {
  return [
    {
      name: "sends JSON as application/json to the same path [C-03]",
      run: onBench(setting, async (bench) => {
        const body = new TextEncoder().encode('{"resourceLogs":[]}');
        const request = await sendOnce(bench, { ...goldenBatch("logs"), format: "json", body });
        equal(request.headers["content-type"], "application/json", "content type");
        equal(request.path, "/v1/logs", "path");
        sameBytes(request.body, body, "the body");
      }),
    },
    {
      name: "puts the paths of the signals behind the path of the endpoint [C-22]",
      run: onBench(setting, async ({ backend }) => {
        for (const base of ["/base", "/base/"]) {
          const sender = setting.make({}).connect({ url: `${backend.url}${base}` });
          await sender.send(goldenBatch(), {});
          await sender.close();
        }
        equal(
          backend.requests.map(({ path }) => path),
          ["/base/v1/traces", "/base/v1/traces"],
          "paths",
        );
      }),
    },
  ];
}
