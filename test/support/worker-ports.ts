/** Workers without threads, for tests of multi-threaded code. */
import { type JobRegistry, type Response, serveJobs, type WorkerPort } from "../../src/threads/executor.ts";

export const NEVER = Number.POSITIVE_INFINITY;

/**
 * Messages are copied as between threads, and answered in a later turn; shared memory is shared. `delay(thread, index)` is the
 * number of turns that an answer takes. `crash` receives, for each worker, a function that ends it with an error.
 */
export function workerPorts(
  jobs: JobRegistry,
  count: number,
  delay: (thread: number, index: number) => number = () => 1,
) {
  const crash: ((error: Error) => void)[] = [];
  const list = Array.from({ length: count }, (_, thread): WorkerPort => {
    let listen: (message: Response) => void = () => {};
    const serve = serveJobs(jobs, (message) => {
      const copy = structuredClone(message);
      if ("alive" in copy) {
        listen(copy);
        return;
      }
      let turns = delay(thread, copy.index);
      if (turns === NEVER) return;
      const wait = () => {
        if (turns-- > 0) setImmediate(wait);
        else listen(copy);
      };
      wait();
    });
    return {
      post: (message) => {
        const copy = structuredClone(message);
        setImmediate(() => serve(copy));
      },
      onMessage: (listener) => {
        listen = listener;
      },
      onError: (listener) => {
        crash[thread] = listener;
      },
      terminate: async () => {},
    };
  });
  return { list, crash };
}
