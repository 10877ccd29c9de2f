/** Threads that start nothing new once a signal is aborted, for work that has become obsolete. */
import type { Executor, OnResult, Session, SessionOptions } from "./executor.ts";

/**
 * The same threads. Once `signal` is aborted, a list of pieces rejects with its reason at its next result, and no other piece is
 * started. A piece that is running is completed.
 */
export const untilAborted = (executor: Executor, signal: AbortSignal): Executor => ({
  ...executor,
  device: executor.device && { ...executor.device, executor: untilAborted(executor.device.executor, signal) },
  open: <Setup, Piece, Result>(job: string, setup: Setup, options?: SessionOptions): Session<Piece, Result> => {
    const session = executor.open<Setup, Piece, Result>(job, setup, options);
    return {
      run: async (pieces, onResult?: OnResult<Result>) => {
        signal.throwIfAborted();
        return session.run(pieces, (result, index) => {
          onResult?.(result, index);
          signal.throwIfAborted();
        });
      },
      each: async (piece) => {
        signal.throwIfAborted();
        return session.each(piece);
      },
      close: session.close,
    };
  },
});
