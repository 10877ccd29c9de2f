/**
 * Calls to a worker: a record of functions on one side, promises of their results on the other. A function may report news while it works.
 * Arguments, results and news are copied, except memory in the transfer list, which is moved.
 */

/** The functions of a worker. The last argument of each reports news to the caller. */
// biome-ignore lint/suspicious/noExplicitAny: each function has arguments of its own; `Caller` keeps their types.
export type Functions = Record<string, (argument: any, tell: (news: any, given?: Transferable[]) => void) => unknown>;

/** The memory of all arrays of numbers in `value`, each once. */
export function memoryOf(value: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) memoryOf(part, found);
  }
  return [...found];
}

/** A copied error. Only the package's errors have a `tag` and a `path`. */
export interface Failure {
  readonly message: string;
  readonly tag?: string;
  readonly path?: string;
}

interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

type Reply =
  | { readonly id: number; readonly news: unknown }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure };

/** Answers the calls to this worker. */
export function serve(functions: Functions): void {
  const reply = (message: Reply, given: Transferable[] = []) => postMessage(message, { transfer: given });
  addEventListener("message", async ({ data: { id, name, argument } }: MessageEvent<Call>) => {
    try {
      const result = await functions[name](argument, (news: unknown, given) => reply({ id, news }, given));
      reply({ id, result });
    } catch (error) {
      reply({ id, failure: failureOf(error) });
    }
  });
}

export type Caller<F extends Functions> = <K extends keyof F & string>(
  name: K,
  argument: Parameters<F[K]>[0],
  onNews?: (news: Parameters<Parameters<F[K]>[1]>[0]) => void,
  given?: Transferable[],
) => Promise<Awaited<ReturnType<F[K]>>>;

/** Calls the functions of a worker. A call rejects with a `Failure`; so do all calls to a worker whose script did not load. */
export function callerOf<F extends Functions>(worker: Worker): Caller<F> {
  let calls = 0;
  let missing: Failure | null = null;
  const waiting = new Map<number, { settle: (reply: Reply) => void; fail: (failure: Failure) => void }>();
  worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => waiting.get(data.id)?.settle(data));
  worker.addEventListener("error", ({ message }) => {
    const failure = { message: message ?? "The script of a worker did not load. Reload the page." };
    // A worker whose script was loaded goes on after an error.
    if (message === undefined) missing = failure;
    for (const { fail } of waiting.values()) fail(failure);
    waiting.clear();
  });
  return (name, argument, onNews, given = []) =>
    new Promise((resolve, reject) => {
      if (missing) return reject(missing);
      const id = calls++;
      const settle = (reply: Reply) => {
        // biome-ignore lint/suspicious/noExplicitAny: the worker's function gave it, with the type that `Caller` says.
        if ("news" in reply) return onNews?.(reply.news as any);
        waiting.delete(id);
        // biome-ignore lint/suspicious/noExplicitAny: as above.
        if ("result" in reply) resolve(reply.result as any);
        else reject(reply.failure);
      };
      waiting.set(id, { settle, fail: reject });
      worker.postMessage({ id, name, argument } satisfies Call, given);
    });
}

export function failureOf(error: unknown): Failure {
  if (typeof error !== "object" || error === null) return { message: String(error) };
  const { message = String(error), tag, path } = error as Partial<Failure>;
  return { message, ...(tag === undefined ? {} : { tag }), ...(path === undefined ? {} : { path }) };
}
