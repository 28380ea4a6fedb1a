import type { Endpoint, Sender, Transport } from "@otlpkit/core";

/** A transport whose code is loaded when something is sent, since most programs need one of several. */
export function lazyTransport(name: string, load: () => Promise<Transport>): Transport {
  return {
    name,
    connect(endpoint: Endpoint): Sender {
      let connecting: Promise<Sender> | undefined;
      let connected: Sender | undefined;
      let closed = false;

      async function connect(): Promise<Sender> {
        connected = (await load()).connect(endpoint);
        if (closed) await connected.close();
        return connected;
      }

      return {
        send: (batch, options) =>
          connected === undefined
            ? (connecting ??= connect()).then((sender) => sender.send(batch, options))
            : connected.send(batch, options),
        async close() {
          closed = true;
          // What could not be loaded has been reported by the send that asked for it.
          const sender = connected ?? (await connecting?.catch(() => undefined));
          await sender?.close();
        },
      };
    },
  };
}
