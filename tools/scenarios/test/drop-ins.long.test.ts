import { describe } from "vitest";
import { columnsOf } from "../src/run.ts";
import { holdAll } from "./hold-all.ts";

describe("every scenario holds", () => {
  holdAll(columnsOf("drop-in"));
});
