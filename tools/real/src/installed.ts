import { onPath, type Source } from "./source.ts";

/** A program that people bring themselves: no package that we may build from has it. */
export function installed(program: string, reason: string): Source {
  return {
    name: `${program} on the PATH`,
    present: () => onPath(program),
    lacks: () => reason,
    obtain: () => Promise.reject(new Error(reason)),
  };
}
