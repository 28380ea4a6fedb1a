import { readFileSync } from "node:fs";

/** Ours, from package.json, which is beside `src` as it is beside `dist`. */
export const version: string = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }
).version;
