const unitBytes: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
};

/**
 * Reads a size: a bare number is bytes, "20MiB" is 20 times 2^20, "20MB" 20 times 10^6.
 *
 * @returns whole bytes, or `undefined` when the text is no size
 */
export function parseByteSize(text: string): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/iu.exec(text.trim()) ?? [];
  const scale = unitBytes[(unit ?? "").toUpperCase()];
  return digits === undefined || scale === undefined ? undefined : Math.round(Number(digits) * scale);
}

/** Writes bytes for people: 67_108_864 is "64 MiB". */
export function formatByteSize(bytes: number): string {
  const step = bytes < 1024 ? 0 : Math.min(3, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 2 ** (10 * step);
  return `${Number(value.toFixed(1))} ${["B", "KiB", "MiB", "GiB"][step]}`;
}
