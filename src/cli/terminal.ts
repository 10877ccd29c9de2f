/** The output of a command: the process's streams, or strings in a test. */
import { fstatSync, writeSync } from "node:fs";
import picocolors from "picocolors";
import { printable } from "../report/markup.ts";
import { asTyped, invocation } from "./invocation.ts";

export interface Terminal {
  /** Results, on standard output. */
  out(text: string): void;
  /** Progress and errors, on standard error. */
  err(text: string): void;
  /** Standard error is a screen, so a progress line may be redrawn. */
  readonly interactive: boolean;
  /** Standard output understands colours. */
  readonly color: boolean;
  /** Characters per line of the screen that shows progress. */
  readonly columns: number;
  /** Characters per line of results. */
  readonly width: number;
  /** What users type for `xpike` here. */
  readonly program: string;
  /** Milliseconds since any fixed moment; for progress only, never for results. */
  now(): number;
}

/** A line on standard error. It may quote foreign files, so control characters are made printable. */
export const say = (terminal: Terminal, text: string): void =>
  terminal.err(`${asTyped(printable(text), terminal.program)}\n`);

/** The width without a screen, and the least width of tables. */
const WIDTH = 100;
const LEAST_WIDTH = 60;

export function processTerminal(): Terminal {
  return {
    out: writerTo(process.stdout),
    err: writerTo(process.stderr),
    interactive: process.stderr.isTTY === true && process.env.TERM !== "dumb",
    color: picocolors.isColorSupported && process.stdout.isTTY === true,
    columns: process.stderr.columns ?? 80,
    width: Math.max(LEAST_WIDTH, process.stdout.columns ?? WIDTH),
    program: invocation(process.argv[1] ?? "xpike", process.env, process.cwd()),
    now: () => performance.now(),
  };
}

/** Writes to files directly, because Node's stream silently drops what a nearly full disk rejects. */
function writerTo(stream: NodeJS.WriteStream & { readonly fd: number }): (text: string) => void {
  // Bigint, because with numbers Node 20's realpathSync would find the pipe's type in a shared buffer and miss modules behind links.
  if (stream.isTTY || !fstatSync(stream.fd, { bigint: true }).isFile()) return (text) => stream.write(text);
  return (text) => {
    const bytes = Buffer.from(text);
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(stream.fd, bytes, written);
    } catch (error) {
      stream.emit("error", error);
    }
  };
}
