#!/usr/bin/env node
/** Starts `xpike` in this process. */
import { main } from "./program.ts";
import { processTerminal } from "./terminal.ts";

// `xpike schema | head` closes the pipe early, which is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

process.exitCode = await main(process.argv.slice(2), processTerminal());
