/**
 * Ctrl-C, a cluster's SIGTERM and a closed terminal's SIGHUP, for commands that save what they have done.
 *
 * The first signal lets the command save; from then on the system's own handling is back, so that the second one ends the process at once.
 * In the end the process ends by the signal that came, so that a shell reports 130 and stops its script.
 */
import type { Terminal } from "./terminal.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Interruption {
  readonly signal: AbortSignal;
  /** Leaves signals to the system again. */
  stop(): void;
  /** Ends the process by the signal that came, if one did. */
  endProcess(): void;
}

/** @param message what the command does now, for the person who pressed Ctrl-C */
export function listenForInterruption(terminal: Terminal, message: string): Interruption {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  const stop = (): void => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    received = signal;
    stop();
    terminal.err(`\n${message} Press Ctrl-C again to stop at once.\n`);
    controller.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    stop,
    endProcess: () => {
      if (received) process.kill(process.pid, received);
    },
  };
}
