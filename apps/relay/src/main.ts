#!/usr/bin/env node
import { run } from "./run.ts";

// Exits by its own hand: a connection that a peer keeps open is no reason to stay.
process.exit(await run(process.argv.slice(2), process.env));
