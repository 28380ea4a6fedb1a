import type { Backend, BackendOptions } from "@otlpkit/testkit/node";
import type { Deeds, Ended } from "./program/start-program.ts";
import type { Protocol, Subject, SubjectKind, SubjectOptions } from "./subject.ts";

/** Something that must be so, tried on a subject. */
export interface Scenario {
  /** Of the requirements behind it; the first is the one it is filed under. */
  readonly ids: readonly string[];
  /** What must be so. */
  readonly title: string;
  /** Why there is nothing to try; undefined: there is. */
  readonly notFor?: (subject: SubjectKind, protocol: Protocol) => string | undefined;
  /** Nothing else may run in the process: it looks at what belongs to all of it, or holds it up. Default: no. */
  readonly alone?: boolean;
  /** It has failed when it takes longer. Default 15,000. */
  readonly budgetMs?: number;
  /** Returns when it is so; throws {@link Instead}, by `hold`, when it is not. */
  readonly run: (stage: Stage) => Promise<void>;
}

/** What a scenario works with. Everything made here is taken down afterwards. */
export interface Stage {
  readonly protocol: Protocol;
  readonly http: boolean;
  /** A scripted backend that speaks the protocol. */
  backend(options?: BackendOptions): Promise<Backend>;
  subject(options: SubjectOptions): Subject;
  /** Everything that subjects of this stage told their user, a line each. */
  readonly reports: readonly string[];
  /** Runs a program that uses the OpenTelemetry API, with what the subject has for programs without a set-up of their own. */
  program(deeds: Deeds, environment: Readonly<Record<string, string>>): Promise<Ended>;
  /** A file with this text; returns its path. */
  file(name: string, text: string): string;
  /** Is called when the scenario is over. */
  after(undo: () => unknown): void;
}

/** What happened instead, in a few words. */
export class Instead extends Error {
  override readonly name = "Instead";
}

/** Goes on if the condition holds. */
export function hold(condition: boolean, otherwise: string | (() => string)): asserts condition {
  if (!condition) throw new Instead(typeof otherwise === "string" ? otherwise : otherwise());
}

/** One cell of the table. */
export type Result =
  | { readonly kind: "holds" }
  | { readonly kind: "instead"; readonly what: string }
  | { readonly kind: "not-applicable"; readonly why: string };

/** What a scenario is called on the command line and in tests. */
export function nameOf({ ids, title }: Scenario): string {
  return `${ids.join(" ")} ${title}`;
}
