import { accepts, check, equal, exportError, failsWith, later } from "../../cases/check.ts";
import type { Case } from "../../cases/runner.ts";
import type { BackendOptions } from "../backend.ts";
import { strangeAuthority, testAuthority } from "../certificates.ts";
import { freePort } from "../listening.ts";
import { testProxy, type TestProxy, type TestProxyOptions } from "../proxy.ts";
import {
  type Bench,
  eventually,
  goldenBatch,
  onBench,
  type TransportCaseSettings,
  type TransportSetting,
} from "./bench.ts";

/** The way through an HTTP proxy, to endpoints with TLS and without. */
export function proxyCases(setting: TransportSetting): Case[] {
  const kinds: readonly (readonly [string, TransportCaseSettings, BackendOptions])[] = [
    ["a plain endpoint", {}, {}],
    ["an endpoint with TLS", { tls: { ca: testAuthority } }, { tls: true }],
  ];
  return [
    ...kinds.flatMap(([kind, settings, backendOptions]) => {
      const through = (
        run: (bench: Bench & { readonly proxy: TestProxy }) => Promise<void>,
        options: TestProxyOptions = {},
        credentials = "",
      ): (() => Promise<void>) => throughProxy(setting, run, settings, backendOptions, options, credentials);
      return [
        {
          name: `goes through its proxy to ${kind}, and uses the connection again`,
          run: through(async ({ backend, proxy, sender }) => {
            for (let n = 0; n < 5; n++) await sender.send(goldenBatch(), {});
            equal(backend.requests.length, 5, "requests");
            equal(proxy.totalConnections, 1, "connections to the proxy");
            check(
              proxy.requests[0]?.target.includes(`127.0.0.1:${backend.port}`) === true,
              "the proxy is told whereto",
            );
          }),
        },
        {
          name: `shows its proxy on the way to ${kind} its credentials, and the far side none`,
          run: through(
            async ({ backend, proxy, sender }) => {
              await sender.send(goldenBatch(), {});
              check(proxy.requests[0]?.headers["proxy-authorization"] !== undefined, "the proxy is shown credentials");
              equal(backend.requests[0]?.headers["proxy-authorization"], undefined, "what the far side is shown");
            },
            { credentials: "who:what" },
            "who:what@",
          ),
        },
        {
          name: `fails for good when the proxy on the way to ${kind} does not accept its credentials`,
          run: through(
            async ({ backend, proxy, sender }) => {
              const error = await failsWith(sender.send(goldenBatch(), {}), "unauthenticated", "a proxy's 407");
              check(!error.retryable, "it is not to be sent again");
              names(error, proxy.url);
              equal(backend.requests.length, 0, "requests");
            },
            { credentials: "who:what" },
            "who:wrong@",
          ),
        },
        {
          name: `may send again when the proxy does not reach ${kind} at the moment, and does so`,
          run: through(async ({ backend, proxy, sender }) => {
            proxy.script({ kind: "refuse", status: 503 }, { kind: "pass" });
            const error = await failsWith(sender.send(goldenBatch(), {}), "unavailable", "a proxy's 503");
            check(error.retryable, "it may be sent again");
            await sender.send(goldenBatch(), {});
            equal(backend.requests.length, 1, "requests");
          }),
        },
        {
          name: `finds its way to ${kind} again after its proxy hung up [A-25]`,
          run: through(async ({ proxy, sender }) => {
            await sender.send(goldenBatch(), {});
            proxy.dropConnections();
            await eventually(() => proxy.openConnections === 0, "the connections to the proxy are closed");
            // The news may still be on its way to the client, so the first try may fail, but only for a time.
            await sender.send(goldenBatch(), {}).catch(async (failure: unknown) => {
              const error = await exportError(Promise.reject(failure), "a send over a connection that is gone");
              check(error.retryable, "it may be sent again");
            });
            accepts(await sender.send(goldenBatch(), {}), "the send after");
          }),
        },
        {
          name: `ends in time when the proxy on the way to ${kind} does not answer, and leaves it [A-17]`,
          run: through(async ({ proxy, sender }) => {
            proxy.script({ kind: "hang" });
            const deadline = performance.now() + 100;
            await failsWith(sender.send(goldenBatch(), { deadline }), "timeout", "a proxy that hangs");
            const controller = new AbortController();
            const sent = later(
              failsWith(sender.send(goldenBatch(), { signal: controller.signal }), "cancelled", "an aborted send"),
            );
            await eventually(() => proxy.requests.length === 2, "the proxy is asked");
            controller.abort();
            await sent;
            await eventually(() => proxy.openConnections === 0, "the connections to the proxy are closed");
          }),
        },
      ];
    }),
    {
      name: "may send again when its proxy is not there, and names it",
      run: async () => {
        const port = await freePort();
        const url = `http://127.0.0.1:${port}`;
        for (const far of ["http://127.0.0.1:9", "https://127.0.0.1:9"]) {
          const sender = setting.make({ proxy: `http://who:what@127.0.0.1:${port}` }).connect({ url: far });
          const error = await failsWith(sender.send(goldenBatch(), {}), "unavailable", "a proxy that is not there");
          check(error.retryable, "it may be sent again");
          names(error, url);
          await sender.close();
        }
      },
    },
    {
      name: "trusts an endpoint through a proxy no more than without [A-21]",
      run: throughProxy(
        setting,
        async ({ backend, sender }) => {
          await exportError(sender.send(goldenBatch(), {}), "a server of another authority");
          equal(backend.requests.length, 0, "requests");
        },
        { tls: { ca: strangeAuthority } },
        { tls: true },
      ),
    },
    {
      name: "goes through a proxy that speaks TLS [A-21]",
      run: throughProxy(
        setting,
        async ({ backend, sender }) => {
          await sender.send(goldenBatch(), {});
          equal(backend.requests.length, 1, "requests");
        },
        { tls: { ca: testAuthority } },
        { tls: true },
        { tls: true },
      ),
    },
  ];
}

function names(error: Error, proxy: string): void {
  check(error.message.includes(proxy), `"${error.message}" names the proxy, ${proxy}`);
  check(!/who:|what|wrong/.test(error.message), `"${error.message}" shows no credentials`);
}

function throughProxy(
  setting: TransportSetting,
  run: (bench: Bench & { readonly proxy: TestProxy }) => Promise<void>,
  settings: TransportCaseSettings,
  backendOptions: BackendOptions,
  options: TestProxyOptions = {},
  credentials = "",
): () => Promise<void> {
  return async () => {
    const proxy = await testProxy(options);
    try {
      const through = { ...settings, proxy: proxy.url.replace("//", `//${credentials}`) };
      await onBench(setting, (bench) => run({ ...bench, proxy }), through, backendOptions)();
    } finally {
      await proxy.close();
    }
  };
}
