import { warner } from "../../warner.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Is told what is odd, in one line. */
export type Warn = (warning: string) => void;

/**
 * Reads single variables the way that OpenTelemetry asks for: one that is empty is not set (I-19), and one that makes no
 * sense is warned of, with its name and text, and then not set either (I-21, I-22, I-25).
 */
export interface Variables {
  /** The text, without white space around it. */
  text(name: string): string | undefined;
  /** "true" in any case is true and everything else false, which is warned of unless it is "false" (I-20). */
  flag(name: string): boolean | undefined;
  /** A whole number from `min` (default 0) to 2,147,483,647, which is as long as a timer can wait (I-23, I-24). */
  whole(name: string, min?: number): number | undefined;
  /** A number from 0 to 1. */
  fraction(name: string): number | undefined;
  /** One of `values`, whatever the case of its letters (I-25). */
  oneOf<Value extends string>(name: string, values: readonly Value[]): Value | undefined;
  /** Those of a list with commas that are among `values`, each once; the others are warned of. Without any, not set. */
  several<Value extends string>(name: string, values: readonly Value[]): readonly Value[] | undefined;
  /** Warns that the text of `name`, which is shown, cannot be used: `why` goes on from there. */
  refuse(name: string, why: string): undefined;
  /** Warns of something that is not shown as it is, since it may be a secret. */
  readonly warn: Warn;
}

const largest = 2 ** 31 - 1;

/** Makes the reader of a set of variables. Each warning is said once, however often a variable is read. */
export function variables(environment: Environment, warn: Warn): Variables {
  const warnOnce = warner(warn);

  function text(name: string): string | undefined {
    const value = environment[name]?.trim();
    return value === "" ? undefined : value;
  }

  function refuse(name: string, why: string): undefined {
    warnOnce(`${name}="${text(name)}" ${why}; it is ignored`);
  }

  function parsed<Value>(name: string, parse: (text: string) => Value | undefined, why: string): Value | undefined {
    const value = text(name);
    return value === undefined ? undefined : (parse(value) ?? refuse(name, why));
  }

  return {
    text,
    flag(name) {
      const value = text(name)?.toLowerCase();
      if (value !== undefined && value !== "true" && value !== "false") {
        warnOnce(`${name}="${text(name)}" is neither "true" nor "false"; it counts as "false"`);
      }
      return value === undefined ? undefined : value === "true";
    },
    whole(name, min = 0) {
      const why = `is not a whole number from ${min} to ${largest}`;
      return parsed(name, (value) => (/^\d+$/.test(value) ? within(min, largest, Number(value)) : undefined), why);
    },
    fraction: (name) => parsed(name, (value) => within(0, 1, Number(value)), "is not a number from 0 to 1"),
    oneOf: (name, values) => parsed(name, (value) => among(values, value), `is none of ${listed(values)}`),
    several(name, values) {
      const members = (text(name) ?? "").split(",").flatMap((member) => member.trim() || []);
      const strange = members.filter((member) => among(values, member) === undefined);
      if (strange.length > 0) {
        warnOnce(`${name}="${text(name)}": ${listed(strange)} is ignored, as it is none of ${listed(values)}`);
      }
      const known = values.filter((value) => members.some((member) => among([value], member)));
      return known.length === 0 ? undefined : known;
    },
    refuse,
    warn: warnOnce,
  };
}

function within(min: number, max: number, value: number): number | undefined {
  return value >= min && value <= max ? value : undefined;
}

function among<Value extends string>(values: readonly Value[], text: string): Value | undefined {
  return values.find((value) => value === text.toLowerCase());
}

function listed(values: readonly string[]): string {
  return values.map((value) => `"${value}"`).join(", ");
}
