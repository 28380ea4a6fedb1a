import type { Sender } from "@otlpkit/core";

/**
 * A sender whose code is loaded with the first batch. `closeUnused` is what closing means when nothing was ever sent, or
 * when the code could not be loaded, which the send that asked for it has been told.
 */
export function lazySender(
  load: () => Promise<Sender>,
  closeUnused: () => Promise<void> = () => Promise.resolve(),
): Sender {
  let loading: Promise<Sender> | undefined;
  let loaded: Sender | undefined;
  let closed = false;

  async function loadNow(): Promise<Sender> {
    loaded = await load();
    if (closed) await loaded.close();
    return loaded;
  }

  return {
    send: (batch, options) =>
      loaded === undefined
        ? (loading ??= loadNow()).then((sender) => sender.send(batch, options))
        : loaded.send(batch, options),
    async close() {
      closed = true;
      const sender = loaded ?? (await loading?.catch(() => undefined));
      await (sender === undefined ? closeUnused() : sender.close());
    },
  };
}
