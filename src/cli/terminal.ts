/** Where a command writes: the process's streams, or strings in a test. */
import picocolors from "picocolors";

export interface Terminal {
  /** Results, on standard output. */
  out(text: string): void;
  /** Progress and errors, on standard error. */
  err(text: string): void;
  /** Standard error is a screen, so a progress line may be redrawn. */
  readonly interactive: boolean;
  /** Standard output understands colours. */
  readonly color: boolean;
  /** Characters per line of the screen. */
  readonly columns: number;
  /** Milliseconds since any fixed moment; for progress only, never for results. */
  now(): number;
}

export function processTerminal(): Terminal {
  return {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    interactive: process.stderr.isTTY === true && process.env.TERM !== "dumb",
    color: picocolors.isColorSupported && process.stdout.isTTY === true,
    columns: process.stderr.columns ?? 80,
    now: () => performance.now(),
  };
}
