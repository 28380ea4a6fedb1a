import type { Child } from "./child.ts";
import type { Cost, Side } from "./measure.ts";

/**
 * A side that sends: `inFlight` sends at any time until `rounds` are answered, and `arrived` resolves, since what is
 * answered may not be done. Its cost is the CPU of this process and of the children, or only of the children where the sender
 * is not what is measured.
 */
export function load(
  send: () => Promise<unknown>,
  children: readonly Child[],
  {
    inFlight = 8,
    countSelf = true,
    arrived = () => Promise.resolve(),
  }: { inFlight?: number; countSelf?: boolean; arrived?: () => Promise<void> } = {},
): Side {
  return async (rounds): Promise<Cost> => {
    const before = await total(children);
    const cpu = process.cpuUsage();
    const start = performance.now();
    let left = rounds;
    const worker = async (): Promise<void> => {
      while (left-- > 0) await send();
    };
    await Promise.all(Array.from({ length: Math.min(inFlight, rounds) }, worker));
    await arrived();
    const wallMicros = (performance.now() - start) * 1000;
    const { user, system } = process.cpuUsage(cpu);
    const own = countSelf ? user + system : 0;
    return { wallMicros, cpuMicros: (await total(children)) - before + own };
  };
}

async function total(children: readonly Child[]): Promise<number> {
  const each = await Promise.all(children.map((child) => child.cpuMicros()));
  return each.reduce((sum, cpuMicros) => sum + cpuMicros, 0);
}
