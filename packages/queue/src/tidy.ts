import type { Catalog } from "./catalog.ts";
import type { QueueEvent } from "./events.ts";
import type { Files, OpenFile } from "./files.ts";
import type { SetAside } from "./set-aside.ts";
import type { Survey } from "./survey.ts";
import type { Unfinished } from "./unfinished.ts";

/** Cuts torn ends and keeps what is damaged aside. */
export async function keepDamaged(
  { damages, lost }: Survey,
  aside: SetAside,
  files: Files,
  folder: string,
  onEvent: (event: QueueEvent) => void,
): Promise<{ tornBytes: number; damagedPlaces: number }> {
  let tornBytes = 0;
  let damagedPlaces = 0;
  for (const { segment, offset, bytes, last } of damages) {
    // On a full disk it stays where it is, until the next start.
    const kept = await tidy(() => aside.keep({ segment, offset, bytes }));
    if (kept?.known !== true) {
      if (last) tornBytes += bytes;
      else damagedPlaces++;
      onEvent({ kind: "damage", segment, offset, bytes, file: kept?.file });
    }
    if (last && kept !== undefined)
      await tidy(() => change(files, `${folder}/${segment}`, (file) => file.truncate(offset)));
  }
  for (const name of lost) {
    damagedPlaces++;
    onEvent({ kind: "damage", segment: name, offset: 0, bytes: 0, file: await tidy(() => aside.move(name)) });
  }
  return { tornBytes, damagedPlaces };
}

/** Cuts off what is left from before in a file that was written over, and not to its end. */
export async function cutOverlong({ overlong }: Survey, files: Files, folder: string): Promise<void> {
  for (const { name, bytes } of overlong)
    await tidy(() => change(files, `${folder}/${name}`, (file) => file.truncate(bytes)));
}

/**
 * What a killed process had only handed to the operating system is safe from now on. Only the newest segment can have been
 * answered as "buffered" and not be synced.
 */
export async function syncUnsafe({ segments }: Catalog, safe: number, files: Files, folder: string): Promise<void> {
  for (const segment of segments) {
    if (segment.end.sequence <= safe && segment !== segments.at(-1)) continue;
    await tidy(() => change(files, `${folder}/${segment.name}`, async () => {}));
  }
}

/** Blanks records that were never finished, so that they are none at the next start either. */
export async function keepUnfinished(
  unfinished: readonly Unfinished[],
  aside: SetAside,
  files: Files,
  folder: string,
  onEvent: (event: QueueEvent) => void,
): Promise<number> {
  let sum = 0;
  for (const piece of adjacent(unfinished)) {
    const [{ segment, offset }] = piece as [Unfinished];
    const bytes = piece.reduce((total, one) => total + one.bytes, 0);
    // As one piece, as the next start will see it.
    const kept = await tidy(() => aside.keep({ segment: segment.name, offset, bytes }));
    onEvent({ kind: "damage", segment: segment.name, offset, bytes, file: kept?.file });
    await tidy(() =>
      change(files, `${folder}/${segment.name}`, async (file) => {
        // Without its mark it is no record.
        for (const one of piece) await file.write([new Uint8Array(4)], one.offset);
      }),
    );
    sum += bytes;
  }
  return sum;
}

/** Those that stand one behind the other, together. */
function adjacent(unfinished: readonly Unfinished[]): readonly (readonly Unfinished[])[] {
  const pieces: Unfinished[][] = [];
  for (const one of unfinished) {
    const before = pieces.at(-1)?.at(-1);
    if (before?.segment === one.segment && before.offset + before.bytes === one.offset) pieces.at(-1)?.push(one);
    else pieces.push([one]);
  }
  return pieces;
}

/** What fails here is done at the next start, and is no reason not to start. */
export async function tidy<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}

/** Changes a file and makes that last. */
async function change(files: Files, path: string, how: (file: OpenFile) => Promise<void>): Promise<void> {
  const file = await files.open(path, "change");
  try {
    await how(file);
    await file.sync();
  } finally {
    await file.close();
  }
}
