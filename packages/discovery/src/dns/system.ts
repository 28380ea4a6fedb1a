import { ExportError } from "@otlpkit/core";

/**
 * Addresses as the system looks them up (getaddrinfo): with /etc/hosts, mDNS and whatever else it is set up for. Does not
 * end before the system does; whoever gives up does not wait for it.
 */
export async function systemAddresses(
  name: string,
  family: 0 | 4 | 6,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { lookup } = process.getBuiltinModule("node:dns").promises;
  const given = new Promise<never>((_, reject) => {
    const giveUp = (): void => reject(new ExportError("cancelled", `looking up ${name} was given up`));
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
  });
  try {
    const found = await Promise.race([lookup(name, { all: true, family, verbatim: true }), given]);
    return found.map(({ address }) => address);
  } catch (cause) {
    if (ExportError.is(cause)) throw cause;
    const { code = "" } = cause as NodeJS.ErrnoException;
    // The system is sure of it; when it could not ask it says EAI_AGAIN.
    if (code === "ENOTFOUND" || code === "ENODATA") return [];
    throw new ExportError("unavailable", `cannot look up ${name} by the system (${code})`, { cause });
  }
}
