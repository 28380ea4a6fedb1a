import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outlierDetection, type OutlierOptions, outlierRecord } from "./outlier-detection.ts";

function bench(count: number, options: OutlierOptions = {}) {
  const records = Array.from({ length: count }, outlierRecord);
  const detection = outlierDetection(options);
  return {
    records,
    detection,
    /** So many answers of each kind for one endpoint. */
    answers: (index: number, well: number, sick: number): void => {
      const record = records[index];
      if (record === undefined) throw new Error("no such endpoint");
      // In turn, so that there are not many failures in a row.
      for (let n = 0; n < Math.max(well, sick); n++) {
        if (n < well) detection.note(record, "well", records, 0);
        if (n < sick) detection.note(record, "sick", records, 0);
      }
    },
  };
}

describe("outlierDetection", () => {
  it("ejects after five failures in a row, for thirty seconds", () => {
    const { records, detection } = bench(3);
    const [record = outlierRecord()] = records;
    for (let n = 0; n < 4; n++) expect(detection.note(record, "sick", records, 1_000)).toBe(false);
    detection.note(record, "well", records, 1_000);
    for (let n = 0; n < 4; n++) expect(detection.note(record, "sick", records, 1_000)).toBe(false);
    expect(detection.note(record, "sick", records, 1_000)).toBe(true);
    expect(record.ejectedUntilMs).toBe(31_000);
  });

  it("takes no notice of what is not the endpoint's fault", () => {
    const { records, detection } = bench(3);
    const [record = outlierRecord()] = records;
    for (let n = 0; n < 100; n++) expect(detection.note(record, "neither", records, 0)).toBe(false);
    expect(record).toEqual(outlierRecord());
  });

  it("ejects for longer each time, and forgets with every interval that an endpoint is in", () => {
    const { records, detection } = bench(3, { maxEjectionMs: 80_000 });
    const [record = outlierRecord()] = records;
    const eject = (): number => {
      record.ejectedUntilMs = 0;
      for (let n = 0; n < 5; n++) detection.note(record, "sick", records, 0);
      return record.ejectedUntilMs;
    };
    expect([eject(), eject(), eject(), eject()]).toEqual([30_000, 60_000, 80_000, 80_000]);
    detection.endInterval(records, 0);
    expect(record.ejections).toBe(4);
    record.ejectedUntilMs = 0;
    for (let n = 0; n < 10; n++) detection.endInterval(records, 0);
    expect(record.ejections).toBe(0);
    expect(eject()).toBe(30_000);
  });

  it("never has more out than allowed, but one always (property)", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 100 }),
        fc.array(fc.nat(19), { maxLength: 200 }),
        (count, maxEjectionPercent, failures) => {
          const { records, detection } = bench(count, { maxEjectionPercent, consecutiveFailures: 2 });
          for (const index of failures) {
            const record = records[index % count];
            if (record !== undefined) detection.note(record, "sick", records, 0);
          }
          const out = records.filter(({ ejectedUntilMs }) => ejectedUntilMs !== 0).length;
          expect(out).toBeLessThanOrEqual(Math.max(1, Math.floor((count * maxEjectionPercent) / 100)));
        },
      ),
      { numRuns: 100 },
    );
  });

  it("ejects whose success rate is far below that of the others", () => {
    const { records, detection, answers } = bench(6, { failurePercentage: false });
    for (let index = 0; index < 5; index++) answers(index, 100, index);
    answers(5, 70, 50);
    const ejected = detection.endInterval(records, 0);
    expect([...ejected]).toEqual([[records[5], "success rate"]]);
    // The interval is over, and all begin anew.
    expect(records.every(({ well, sick }) => well + sick === 0)).toBe(true);
  });

  it("compares nobody when too few have had enough requests", () => {
    const { records, detection, answers } = bench(6, { failurePercentage: false });
    for (let index = 0; index < 3; index++) answers(index, 100, 0);
    answers(5, 60, 60);
    expect(detection.endInterval(records, 0).size).toBe(0);
  });

  it("ejects who fails in eighty-five of a hundred, whatever the others do", () => {
    const { records, detection, answers } = bench(5, { successRate: false, consecutiveFailures: 0 });
    for (let index = 0; index < 4; index++) answers(index, 20, 80);
    answers(4, 15, 85);
    expect([...detection.endInterval(records, 0)]).toEqual([[records[4], "failure percentage"]]);
  });

  it("refuses options that make no sense", () => {
    expect(() => outlierDetection({ intervalMs: 0 })).toThrow(RangeError);
    expect(() => outlierDetection({ baseEjectionMs: -1 })).toThrow(RangeError);
  });
});
