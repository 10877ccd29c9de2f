/** Threads on which nothing more is begun once a signal says so, for work that another question has overtaken. */
import type { Executor, OnResult, Session, SessionOptions } from "./executor.ts";

/**
 * The same threads. Once `signal` is aborted, a list of pieces rejects with its reason at its next result, and no other is begun. A piece
 * that is under way goes on to its end.
 */
export const untilAborted = (executor: Executor, signal: AbortSignal): Executor => ({
  ...executor,
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
