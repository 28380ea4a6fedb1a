import type { readFileSync as ReadFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";

/** How this process does, since the reading before. */
export interface PerformanceReading {
  /** CPU time used, as a share of what all cores that it may use have to give. */
  readonly cpuRatio: number;
  /** Resident memory. */
  readonly rssBytes: number;
  /** What the process may use: the limit of its container (cgroup), or the machine's memory. */
  readonly memoryLimitBytes: number;
  /** Live and dead objects in V8's heap, and where V8 ends the process. */
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  /** Buffers outside of the heap. */
  readonly externalBytes: number;
  /** How late timers fired: 99 of 100 less than this, and the worst. */
  readonly eventLoopDelayMs: number;
  readonly eventLoopDelayMaxMs: number;
  /** Share of the time that the event loop was busy. */
  readonly eventLoopUtilizationRatio: number;
  /** Bytes read from and written to disks by this process; absent where the system does not say (it does on Linux). */
  readonly diskReadBytesPerSecond?: number;
  readonly diskWriteBytesPerSecond?: number;
  /** The folders that were asked about. One that cannot be asked is left out. */
  readonly disks: readonly DiskReading[];
}

/** Room on the disk of a folder. */
export interface DiskReading {
  readonly folder: string;
  /** What is free for programs that are not root. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Reads how this process does. */
export interface PerformanceReader {
  read(): Promise<PerformanceReading>;
  /** Ends the measuring of the event loop. */
  close(): void;
}

/** Every 20 ms: finer than any delay that matters, and nothing in a profile. */
const resolutionMs = 20;

/** Measures from now on. `folders` are those whose disks may become full. */
export function performanceReader(folders: readonly string[] = []): PerformanceReader {
  const loop = monitorEventLoopDelay({ resolution: resolutionMs });
  loop.enable();
  let before = totals();

  async function read(): Promise<PerformanceReading> {
    const now = totals();
    const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
    const memory = process.memoryUsage();
    const perSecond = (of: "readBytes" | "writtenBytes"): number | undefined =>
      now[of] === undefined || before[of] === undefined ? undefined : Math.max(0, now[of] - before[of]) / seconds;
    const readBytes = perSecond("readBytes");
    const writtenBytes = perSecond("writtenBytes");
    const delayMs = (ns: number): number => (loop.count === 0 ? 0 : Math.max(0, ns / 1e6 - resolutionMs));
    const reading = {
      cpuRatio: (now.cpuSeconds - before.cpuSeconds) / seconds / availableParallelism(),
      rssBytes: memory.rss,
      memoryLimitBytes: memoryLimitBytes(),
      heapUsedBytes: memory.heapUsed,
      heapLimitBytes: getHeapStatistics().heap_size_limit,
      externalBytes: memory.external,
      eventLoopDelayMs: delayMs(loop.percentile(99)),
      eventLoopDelayMaxMs: delayMs(loop.max),
      eventLoopUtilizationRatio: performance.eventLoopUtilization(now.loop, before.loop).utilization,
      ...(readBytes === undefined ? {} : { diskReadBytesPerSecond: readBytes }),
      ...(writtenBytes === undefined ? {} : { diskWriteBytesPerSecond: writtenBytes }),
    };
    loop.reset();
    before = now;
    return { ...reading, disks: await disksOf(folders) };
  }

  return { read, close: () => void loop.disable() };
}

interface Totals {
  readonly atMs: number;
  readonly cpuSeconds: number;
  readonly loop: ReturnType<typeof performance.eventLoopUtilization>;
  readonly readBytes: number | undefined;
  readonly writtenBytes: number | undefined;
}

function totals(): Totals {
  const { user, system } = process.cpuUsage();
  const cpuSeconds = (user + system) / 1e6;
  return { atMs: performance.now(), cpuSeconds, loop: performance.eventLoopUtilization(), ...diskTotals() };
}

function diskTotals(): Pick<Totals, "readBytes" | "writtenBytes"> {
  const { readFileSync } = process.getBuiltinModule("node:fs") as { readonly readFileSync: typeof ReadFileSync };
  try {
    // Not a file: it is in memory and read in some microseconds.
    const text = readFileSync("/proc/self/io", "latin1");
    const numberOf = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, "mu").exec(text)?.[1]);
    return { readBytes: numberOf("read_bytes"), writtenBytes: numberOf("write_bytes") };
  } catch {
    // Other systems, and containers that hide it.
    return { readBytes: undefined, writtenBytes: undefined };
  }
}

function memoryLimitBytes(): number {
  // Without a limit the system says 0 or something absurd.
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

async function disksOf(folders: readonly string[]): Promise<DiskReading[]> {
  const { statfs } = process.getBuiltinModule("node:fs/promises");
  const all = await Promise.all(
    folders.map(async (folder): Promise<DiskReading[]> => {
      try {
        const { bavail, blocks, bsize } = await statfs(folder);
        return [{ folder, freeBytes: bavail * bsize, totalBytes: blocks * bsize }];
      } catch {
        // Not there yet, or not ours to see: whoever writes there will say so.
        return [];
      }
    }),
  );
  return all.flat();
}
