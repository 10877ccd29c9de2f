/**
 * Handles Ctrl-C, a cluster's SIGTERM and a closed terminal's SIGHUP, for commands that save their work.
 *
 * The first signal lets the command save and restores the default handling, so that a second signal ends the process at once. Finally the
 * process ends by the received signal, so that a shell reports 130 and stops its script.
 */
import type { Terminal } from "./terminal.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Interruption {
  readonly signal: AbortSignal;
  /** Restores the default handling of signals. */
  stop(): void;
  /** Ends the process by the received signal, if any. */
  endProcess(): void;
}

/** @param message tells the user what the command does now */
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
