import { accepts, check, equal, exportError, failsWith, later } from "../../cases/check.ts";
import type { Case } from "../../cases/runner.ts";
import { seeded } from "../../seeded.ts";
import type { Answer } from "../backend.ts";
import { strangeAuthority, testAuthority, testClient } from "../certificates.ts";
import { freePort } from "../listening.ts";
import { testWire } from "../wire.ts";
import { eventually, goldenBatch, onBench, sendInto, startBackend, type TransportSetting } from "./bench.ts";

/** Connections that break, come back and are shared, C-19 to C-23, F-13, F-14, H-02, H-04. */
export function connectionCases(setting: TransportSetting): Case[] {
  const breaks: Readonly<Record<string, Answer>> = {
    "before the request was read": { kind: "reset", when: "before-body" },
    "after the request was read": { kind: "reset", when: "before-headers" },
    "in the middle of the answer": { kind: "reset", when: "after-headers" },
  };
  return [
    ...Object.entries(breaks).map(([when, answer]) => ({
      name: `may send again after a connection that broke ${when}, and does so on a new one [A-25, C-23, F-13]`,
      run: onBench(setting, async (bench) => {
        const error = await failsWith(sendInto(bench, answer), "unavailable", `broken ${when}`);
        check(error.retryable, "it may be sent again");
        accepts(await sendInto(bench, { kind: "ok" }), "the send after");
        equal(bench.backend.totalConnections, 2, "connections");
      }),
    })),
    {
      name: "may send again when the connection is closed just as it is used again [C-20]",
      run: onBench(setting, async (bench) => {
        await sendInto(bench, { kind: "ok" });
        const error = await exportError(sendInto(bench, { kind: "reset", when: "before-body" }), "a closed connection");
        check(error.retryable, "it may be sent again");
      }),
    },
    {
      name: "does not mind that idle connections are closed [A-25, C-20]",
      run: onBench(setting, async (bench) => {
        await sendInto(bench, { kind: "ok" });
        bench.backend.dropConnections();
        await eventually(() => bench.backend.openConnections === 0, "the connections are closed");
        // The news may still be on its way to the client, so the first try may fail, but only for a time.
        const first = await sendInto(bench, { kind: "ok" }).catch((error: unknown) =>
          exportError(Promise.reject(error), ""),
        );
        if (first instanceof Error) check(first.retryable, "it may be sent again");
        accepts(await sendInto(bench, { kind: "ok" }), "the send after");
      }),
    },
    {
      name: "finds the far side again when it comes up on the same port [A-25, F-14]",
      run: async () => {
        const port = await freePort();
        const sender = setting.make({}).connect({ url: `http://127.0.0.1:${port}` });
        const deadline = (): number => performance.now() + 10_000;
        try {
          const error = await failsWith(
            sender.send(goldenBatch(), { deadline: deadline() }),
            "unavailable",
            "a closed port",
          );
          check(error.retryable, "it may be sent again");
          for (let start = 0; start < 2; start++) {
            const backend = await startBackend(setting, { port });
            await sender.send(goldenBatch(), { deadline: deadline() }).catch((failure: unknown) => {
              // The connection of before may turn out to be dead now.
              if (start === 0) throw failure;
              return sender.send(goldenBatch(), { deadline: deadline() });
            });
            await backend.close();
          }
        } finally {
          await sender.close();
        }
      },
    },
    {
      name: "sends over one connection as long as nothing overlaps [C-19]",
      run: onBench(setting, async ({ backend, sender }) => {
        for (let n = 0; n < 20; n++) await sender.send(goldenBatch(), {});
        equal(backend.totalConnections, 1, "connections");
      }),
    },
    {
      name: "opens no connection before the first send",
      run: onBench(setting, async ({ backend }) => {
        equal(backend.totalConnections, 0, "connections");
      }),
    },
    {
      name: "leaves no connection open when it is closed",
      run: onBench(setting, async ({ backend, sender }) => {
        await Promise.all([1, 2, 3].map(() => sender.send(goldenBatch(), {})));
        await sender.close();
        await eventually(() => backend.openConnections === 0, "no connection is open");
      }),
    },
    {
      name: "has several requests under way at a time [H-02]",
      run: onBench(setting, async ({ backend, sender }) => {
        // No answer before all four are there: one after the other would never end.
        backend.script({ kind: "ok", until: backend.arrived(4) });
        await Promise.all([1, 2, 3, 4].map(() => sender.send(goldenBatch(), {})));
        equal(backend.maxConcurrent, 4, "requests at a time");
      }),
    },
    {
      name: "gives each of many overlapping requests its own answer [H-02]",
      run: onBench(setting, async ({ backend, sender }) => {
        backend.script((_, n) => ({ kind: "ok", rejectedItems: n, message: "n", delayMs: (n * 7) % 20 }));
        const data = seeded(1);
        const acks = await Promise.all(Array.from({ length: 50 }, () => sender.send(data.logs({ items: 3 }), {})));
        const counts = acks.map(({ rejectedItems }) => rejectedItems).toSorted((a, b) => a - b);
        equal(
          counts,
          Array.from({ length: 50 }, (_, index) => index + 1),
          "answers",
        );
      }),
    },
    {
      name: "lets the far side know when the caller gives up",
      run: onBench(setting, async ({ backend, sender }) => {
        backend.script({ kind: "hang" });
        const controller = new AbortController();
        const sent = later(
          failsWith(sender.send(goldenBatch(), { signal: controller.signal }), "cancelled", "an aborted send"),
        );
        await backend.arrived(1);
        controller.abort();
        await sent;
        await eventually(() => backend.requests[0]?.aborted === true, "the backend sees that the request is given up");
      }),
    },
    {
      name: "ends with timeout when the answer comes byte by byte and never ends in time [A-17]",
      run: onBench(setting, async ({ backend, sender }) => {
        backend.script({ kind: "drip" });
        const deadline = performance.now() + 300;
        const error = await failsWith(sender.send(goldenBatch(), { deadline }), "timeout", "a slow answer");
        check(error.retryable, "it may be sent again");
      }),
    },
    {
      name: "does not send over a connection again that died without a word [A-25, F-15]",
      run: async () => {
        const backend = await startBackend(setting);
        const wire = await testWire(backend.port);
        const sender = setting.make({}).connect({ url: wire.url });
        try {
          await sender.send(goldenBatch(), {});
          wire.freeze();
          const inTime = sender.send(goldenBatch(), { deadline: performance.now() + 200 });
          const error = await failsWith(inTime, "timeout", "a send into the void");
          check(error.retryable, "it may be sent again");
          accepts(await sender.send(goldenBatch(), { deadline: performance.now() + 5000 }), "the send after");
          equal(wire.totalConnections, 2, "connections");
        } finally {
          await wire.close();
          await backend.close();
          await sender.close();
        }
      },
    },
    {
      name: "trusts the authority that it is given, over TLS [A-21]",
      run: onBench(
        setting,
        async (bench) => accepts(await sendInto(bench, { kind: "ok" }), "TLS"),
        { tls: { ca: testAuthority } },
        { tls: true },
      ),
    },
    {
      name: "does not trust a server of another authority [A-21]",
      run: onBench(
        setting,
        async (bench) => {
          await exportError(sendInto(bench, { kind: "ok" }), "a server of another authority");
          equal(bench.backend.requests.length, 0, "requests");
        },
        { tls: { ca: strangeAuthority } },
        { tls: true },
      ),
    },
    {
      name: "shows its certificate to a server that asks for one [A-21]",
      run: onBench(
        setting,
        async (bench) => accepts(await sendInto(bench, { kind: "ok" }), "mutual TLS"),
        { tls: { ca: testAuthority, ...testClient } },
        { tls: { requireClientCertificate: true } },
      ),
    },
    {
      name: "fails without a certificate where one is asked for [A-21]",
      run: onBench(
        setting,
        async (bench) => {
          await exportError(sendInto(bench, { kind: "ok" }), "no certificate");
          equal(bench.backend.requests.length, 0, "requests");
        },
        { tls: { ca: testAuthority } },
        { tls: { requireClientCertificate: true } },
      ),
    },
    ...(setting.speaks === "grpc" ? grpcOnly(setting) : httpOnly(setting)),
  ];
}

function httpOnly(setting: TransportSetting): Case[] {
  return [
    {
      name: "opens no more connections than it may [C-21, H-04]",
      run: onBench(
        setting,
        async ({ backend, sender }) => {
          backend.script({ kind: "ok", delayMs: 5 });
          await Promise.all(Array.from({ length: 12 }, () => sender.send(goldenBatch(), {})));
          equal(backend.totalConnections, 2, "connections");
        },
        { maxConnections: 2 },
      ),
    },
    {
      name: "opens a new connection after an answer that closes the old one",
      run: onBench(setting, async (bench) => {
        accepts(await sendInto(bench, { kind: "goaway" }), "an answer with Connection: close");
        accepts(await sendInto(bench, { kind: "ok" }), "the send after");
        equal(bench.backend.totalConnections, 2, "connections");
      }),
    },
  ];
}

function grpcOnly(setting: TransportSetting): Case[] {
  return [
    {
      name: "may send again what a GOAWAY does not cover, and does so on a new connection [A-25]",
      run: onBench(setting, async (bench) => {
        for (let round = 0; round < 2; round++) {
          const error = await exportError(sendInto(bench, { kind: "goaway" }), "a call that GOAWAY leaves out");
          check(error.retryable, "it may be sent again");
          accepts(await sendInto(bench, { kind: "ok" }), "the send after");
        }
      }),
    },
    {
      name: "reads the answer to a call that a GOAWAY covers, and sends the next over a new connection [A-25]",
      run: onBench(setting, async (bench) => {
        accepts(await sendInto(bench, { kind: "goaway", covered: true }), "a call that GOAWAY covers");
        accepts(await sendInto(bench, { kind: "ok" }), "the send after");
        equal(bench.backend.totalConnections, 2, "connections");
      }),
    },
    {
      name: "may send again after a stream that was refused or cancelled [F-02]",
      run: onBench(setting, async (bench) => {
        for (const code of [7, 8]) {
          const error = await exportError(sendInto(bench, { kind: "rst-stream", code }), `RST_STREAM ${code}`);
          check(error.retryable, `it may be sent again after RST_STREAM ${code}`);
        }
        accepts(await sendInto(bench, { kind: "ok" }), "the send after");
        equal(bench.backend.totalConnections, 1, "connections");
      }),
    },
    {
      name: "has a hundred calls under way on one connection [H-02]",
      run: onBench(setting, async ({ backend, sender }) => {
        backend.script({ kind: "ok", until: backend.arrived(100) });
        await Promise.all(Array.from({ length: 100 }, () => sender.send(goldenBatch(), {})));
        equal(backend.totalConnections, 1, "connections");
      }),
    },
  ];
}
