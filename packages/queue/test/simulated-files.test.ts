import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomFrom } from "./random.ts";
import { type SimulatedFiles, simulatedFiles } from "./simulated-files.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const text = (files: SimulatedFiles, path: string): string => Buffer.from(files.contents(path)).toString();

async function disk(seed = 1): Promise<SimulatedFiles> {
  const files = simulatedFiles({ random: randomFrom(seed) });
  await files.makeFolder("/q");
  return files;
}

/** What a crash may leave, over many throws of the dice. */
function everyOutcome<T>(files: SimulatedFiles, look: (found: SimulatedFiles) => T): Set<T> {
  return new Set(Array.from({ length: 200 }, (_, seed) => look(files.crash(randomFrom(seed)))));
}

describe("the simulated disk", () => {
  it("keeps whatever was synced, file and folder, through any crash", async () => {
    const files = await disk();
    const file = await files.open("/q/a", "create");
    await file.write([bytes("hel"), bytes("lo")], 0);
    await file.sync();
    await files.syncFolder("/q");
    expect(everyOutcome(files, (found) => text(found, "/q/a"))).toEqual(new Set(["hello"]));
  });

  it("may lose a file whose folder was not synced", async () => {
    const files = await disk();
    const file = await files.open("/q/a", "create");
    await file.write([bytes("hello")], 0);
    await file.sync();
    expect(everyOutcome(files, (found) => found.files("/q").length)).toEqual(new Set([0, 1]));
  });

  it("may keep any part of what was not synced, torn at any byte", async () => {
    const files = await disk();
    const file = await files.open("/q/a", "create");
    await files.syncFolder("/q");
    await file.write([bytes("abc")], 0);
    const found = everyOutcome(files, (left) => text(left, "/q/a"));
    for (const part of ["", "a", "ab", "abc"]) expect(found).toContain(part);
  });

  it("may keep a later sector and lose an earlier one", async () => {
    const files = await disk();
    const file = await files.open("/q/a", "create");
    await files.syncFolder("/q");
    await file.write([new Uint8Array(1024).fill(7)], 0);
    const holes = everyOutcome(files, (left) => {
      const content = left.contents("/q/a");
      return content.length === 1024 && content[0] === 0 && content[512] === 7;
    });
    expect(holes).toContain(true);
  });

  it("may have done any of the renames and removals that were not synced, each as a whole", async () => {
    const files = await disk();
    for (const name of ["/q/old", "/q/new"]) {
      const file = await files.open(name, "create");
      await file.write([bytes(name)], 0);
      await file.sync();
    }
    await files.syncFolder("/q");
    await files.rename("/q/new", "/q/old");
    const found = everyOutcome(files, (left) =>
      left
        .files("/q")
        .map(({ path }) => `${path}=${text(left, path)}`)
        .join(),
    );
    expect(found).toEqual(new Set(["/q/new=/q/new,/q/old=/q/old", "/q/old=/q/new"]));
  });

  it("loses for good what a failed sync did not write, though the next sync says that all is well", async () => {
    const files = await disk();
    const file = await files.open("/q/a", "create");
    await files.syncFolder("/q");
    await file.write([bytes("abc")], 0);
    files.fault = ({ kind }) => (kind === "sync" ? "EIO" : undefined);
    await expect(file.sync()).rejects.toMatchObject({ code: "EIO" });
    files.fault = () => undefined;
    await file.sync();
    expect(text(files, "/q/a")).toBe("abc");
    expect(everyOutcome(await failedSync(3), (left) => text(left, "/q/a"))).not.toEqual(new Set(["abc"]));

    async function failedSync(seed: number): Promise<SimulatedFiles> {
      const other = await disk(seed);
      const opened = await other.open("/q/a", "create");
      await other.syncFolder("/q");
      await opened.write([bytes("abc")], 0);
      other.fault = ({ kind }) => (kind === "sync" ? "EIO" : undefined);
      await opened.sync().catch(() => undefined);
      other.fault = () => undefined;
      await opened.sync();
      return other;
    }
  });

  it("writes as much as there is room for, and takes more once there is room", async () => {
    const files = await disk();
    const file = await files.open("/q/a", "create");
    files.capacityBytes = 3;
    await expect(file.write([bytes("abcde")], 0)).rejects.toMatchObject({ code: "ENOSPC" });
    expect(text(files, "/q/a")).toBe("abc");
    expect(await files.freeBytes("/q")).toBe(0);
    files.capacityBytes = 10;
    await file.write([bytes("de")], 3);
    expect(text(files, "/q/a")).toBe("abcde");
  });

  it("keeps after a kill what was written, and of what was being written a part", async () => {
    const files = simulatedFiles({ random: randomFrom(1), pause: () => Promise.resolve() });
    await files.makeFolder("/q");
    const file = await files.open("/q/a", "create");
    await file.write([bytes("abc")], 0);
    const ended = { yes: false };
    void file.write([bytes("def")], 3).finally(() => (ended.yes = true));
    const found = files.kill(randomFrom(5));
    await new Promise(setImmediate);
    expect("abcdef".startsWith(text(found, "/q/a"))).toBe(true);
    expect(text(found, "/q/a").length).toBeGreaterThanOrEqual(3);
    expect(ended.yes).toBe(false);
  });

  it("ends the same way for the same seed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const outcome = async (): Promise<string> => {
          const files = await disk(seed);
          const file = await files.open("/q/a", "create");
          await file.write([randomFrom(seed).bytes(2000)], 0);
          const found = files.crash(randomFrom(seed));
          return found
            .files("/q")
            .map(({ path }) => Buffer.from(found.contents(path)).toString("hex"))
            .join();
        };
        expect(await outcome()).toBe(await outcome());
      }),
      { numRuns: 50 },
    );
  });
});
