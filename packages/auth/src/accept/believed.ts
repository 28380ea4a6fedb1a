import { type Given, revealed } from "../credentials/given.ts";

/** So long a secret is taken for what it was: a file is read once for many requests, and not for each. */
const believedMs = 1000;

/** Gives a secret; `anew` looks it up however lately that was done, for when it does not fit. */
export type Believed = (anew: boolean) => Promise<string>;

/** Keeps a secret for a second. What can't be looked up is tried again at once. */
export function believed(given: Given, now: () => number): Believed {
  let held: { readonly text: Promise<string>; readonly untilMs: number } | undefined;
  return (anew) => {
    if (held === undefined || anew || now() >= held.untilMs) {
      const text = revealed(given);
      const looked = { text, untilMs: now() + believedMs };
      held = looked;
      text.catch(() => {
        if (held === looked) held = undefined;
      });
    }
    return held.text;
  };
}
