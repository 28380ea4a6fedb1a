/** What one side needs for one unit of work. */
export interface Cost {
  /** Wall-clock µs. */
  readonly wallMicros: number;
  /** CPU µs of all processes of this side. */
  readonly cpuMicros: number;
}

/** One side of a comparison: does `rounds` units of work and says what they cost together. */
export type Side = (rounds: number) => Cost | Promise<Cost>;

/** Median costs of both sides for one unit, and how many times cheaper ours is. */
export interface Comparison {
  readonly ours: Cost;
  readonly peer: Cost;
  /** Peer's wall-clock time over ours. */
  readonly wallRatio: number;
  /** Peer's CPU time over ours. */
  readonly cpuRatio: number;
  /** Smallest and largest ratio of a neighbouring pair of runs, by CPU. */
  readonly spread: readonly [number, number];
}

/**
 * Runs both sides in turn, ours and peer's, `pairs` times, so that whatever else the machine does hits both alike. Each
 * run is long enough to be told from noise: the rounds are chosen by a first run to take about `runMs`.
 */
export async function compare(ours: Side, peer: Side, { pairs = 7, runMs = 300 } = {}): Promise<Comparison> {
  const oursRounds = await calibrate(ours, runMs);
  const peerRounds = await calibrate(peer, runMs);
  const oursCosts: Cost[] = [];
  const peerCosts: Cost[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    globalThis.gc?.();
    oursCosts.push(perUnit(await ours(oursRounds), oursRounds));
    globalThis.gc?.();
    peerCosts.push(perUnit(await peer(peerRounds), peerRounds));
  }
  const ratios = oursCosts.map((cost, index) => (peerCosts[index] as Cost).cpuMicros / cost.cpuMicros);
  const medianOurs = medianCost(oursCosts);
  const medianPeer = medianCost(peerCosts);
  return {
    ours: medianOurs,
    peer: medianPeer,
    wallRatio: medianPeer.wallMicros / medianOurs.wallMicros,
    cpuRatio: medianPeer.cpuMicros / medianOurs.cpuMicros,
    spread: [Math.min(...ratios), Math.max(...ratios)],
  };
}

/** Makes a side of a plain function that runs in this process. */
export function local(work: () => void): Side {
  return (rounds) => {
    const cpu = process.cpuUsage();
    const start = performance.now();
    for (let round = 0; round < rounds; round++) work();
    const wallMicros = (performance.now() - start) * 1000;
    const { user, system } = process.cpuUsage(cpu);
    return { wallMicros, cpuMicros: user + system };
  };
}

async function calibrate(side: Side, runMs: number): Promise<number> {
  let rounds = 1;
  for (;;) {
    const { wallMicros } = await side(rounds);
    if (wallMicros > runMs * 500) return Math.max(1, Math.round((rounds * runMs * 1000) / wallMicros));
    rounds = Math.ceil(rounds * Math.min(10, Math.max(2, (runMs * 700) / Math.max(1, wallMicros))));
  }
}

function perUnit({ wallMicros, cpuMicros }: Cost, rounds: number): Cost {
  return { wallMicros: wallMicros / rounds, cpuMicros: cpuMicros / rounds };
}

function medianCost(costs: readonly Cost[]): Cost {
  return {
    wallMicros: median(costs.map(({ wallMicros }) => wallMicros)),
    cpuMicros: median(costs.map(({ cpuMicros }) => cpuMicros)),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
