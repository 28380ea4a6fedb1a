import type { SubjectKind } from "../subject.ts";

/** How each subject is loaded, by its name; a process loads only the one that it needs. */
export const subjects: Readonly<Record<string, () => Promise<SubjectKind>>> = {
  client: async () => (await import("./client.ts")).client,
  "drop-in": async () => (await import("./drop-in.ts")).dropIn(),
  "official 3": async () => (await import("./official.ts")).official(3),
  "official 2": async () => (await import("./official.ts")).official(2),
};
