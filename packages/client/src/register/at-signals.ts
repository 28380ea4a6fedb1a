const signals = ["SIGTERM", "SIGINT"] as const;

/**
 * Runs something when somebody asks the program to end, and then lets the signal do its work, unless the program sees to
 * that itself. A second signal is not kept waiting. Returns what ends that.
 */
export function atSignals(flush: () => Promise<unknown>): () => void {
  const listeners = signals.map((signal) => {
    const listener = (): void => {
      process.off(signal, listener);
      const ownBusiness = process.listenerCount(signal) > 0;
      void flush().finally(() => {
        if (!ownBusiness) process.kill(process.pid, signal);
      });
    };
    process.on(signal, listener);
    return () => void process.off(signal, listener);
  });
  return () => {
    for (const off of listeners) off();
  };
}
