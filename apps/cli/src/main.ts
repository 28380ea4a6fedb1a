#!/usr/bin/env node
import { run } from "./cli.ts";
import { processTerminal } from "./terminal.ts";

// The first interrupt ends the work and reports; a second one ends the program.
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
process.once("SIGTERM", () => stop.abort());

process.exitCode = await run(process.argv.slice(2), processTerminal(), process.env, stop.signal);
