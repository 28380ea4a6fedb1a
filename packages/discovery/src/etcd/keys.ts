const toUtf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

/** A key as etcd takes it. */
export function keyOf(text: string): Uint8Array {
  return toUtf8.encode(text);
}

/** A key as people read it. */
export function textOf(key: Uint8Array): string {
  return fromUtf8.decode(key);
}

/**
 * The first key after all that begin with `prefix`, which is how etcd asks for a prefix: the last byte one higher, after
 * the bytes at its end that can't be any higher; `"\0"`, without end, when none can.
 */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  let length = prefix.byteLength;
  while (length > 0 && prefix[length - 1] === 0xff) length--;
  if (length === 0) return new Uint8Array([0]);
  const end = prefix.slice(0, length);
  end[length - 1] = (end[length - 1] as number) + 1;
  return end;
}

/** The key right after this one. */
export function keyAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.byteLength + 1);
  after.set(key);
  return after;
}
