import type { TraceState } from "@opentelemetry/api";

/** A list holds no more members than this (W3C Trace Context, `list`). */
const maxMembers = 32;
/** What everybody must be able to carry; longer lists are cut to it. */
const maxLength = 512;
/** Members longer than this are the first to go when a list is too long. */
const longMember = 128;

const validKey = /^[a-z0-9][-a-z0-9_*/@]{0,255}$/;
const validValue = /^[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

/**
 * Reads a `tracestate` header by the rules of W3C Trace Context level 2. Several headers are joined by commas before.
 * Empty members are skipped, of two members with the same key the first counts. A list with anything else that is not
 * right is no list: `undefined`.
 */
export function parseTraceState(header: string): TraceState | undefined {
  const members = new Map<string, string>();
  for (const part of header.split(",")) {
    const member = trimSpace(part);
    if (member === "") continue;
    const equals = member.indexOf("=");
    const key = member.slice(0, equals);
    const value = member.slice(equals + 1);
    if (equals < 0 || !validKey.test(key) || !validValue.test(value)) return undefined;
    if (!members.has(key)) members.set(key, value);
  }
  return members.size === 0 || members.size > maxMembers ? undefined : new MemberList(members);
}

/** A `tracestate` with one member. */
export function traceStateOf(key: string, value: string): TraceState {
  return new MemberList(new Map([[key, value]]));
}

/** The members in their order, the one changed last in front. Never changes; what changes it gives another one. */
class MemberList implements TraceState {
  readonly #members: ReadonlyMap<string, string>;
  readonly #text: string;

  constructor(members: ReadonlyMap<string, string>) {
    this.#members = cutToLength(members);
    this.#text = [...this.#members].map(([key, value]) => `${key}=${value}`).join(",");
  }

  /** What is no key or value leaves the list as it is. */
  set(key: string, value: string): TraceState {
    if (!validKey.test(key) || !validValue.test(value)) return this;
    const others = [...this.#members].filter(([other]) => other !== key);
    return new MemberList(new Map([[key, value], ...others.slice(0, maxMembers - 1)]));
  }

  unset(key: string): TraceState {
    return new MemberList(new Map([...this.#members].filter(([other]) => other !== key)));
  }

  get(key: string): string | undefined {
    return this.#members.get(key);
  }

  serialize(): string {
    return this.#text;
  }
}

/** Leaves out whole members until the rest fits: long ones first, then from the end. */
function cutToLength(members: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  let length = -1;
  for (const [key, value] of members) length += key.length + value.length + 2;
  if (length <= maxLength) return members;
  const kept = new Map(members);
  const fromTheEnd = [...members].toReversed();
  const isLong = ([key, value]: [string, string]): boolean => key.length + value.length + 1 > longMember;
  for (const [key, value] of [...fromTheEnd.filter(isLong), ...fromTheEnd]) {
    if (length <= maxLength) break;
    if (kept.delete(key)) length -= key.length + value.length + 2;
  }
  return kept;
}

/** Takes away spaces and tabs around, the only white space that headers know. */
export function trimSpace(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}
