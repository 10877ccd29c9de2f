import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { rejection } from "../../test/support/rejection.ts";
import { NEVER, workerPorts } from "../../test/support/worker-ports.ts";
import * as errors from "../errors.ts";
import { inlineExecutor, isHung, type JobRegistry, workerExecutor } from "./executor.ts";

const { PlatformError, ValueError, XpikeError } = errors;

const jobs: JobRegistry = {
  scale: ((setup: { factor: number }) => (piece: number) => setup.factor * piece) as JobRegistry[string],
  thread: ((_: unknown, thread: number) => () => thread) as JobRegistry[string],
  fail: (() => (piece: unknown) => {
    if (piece instanceof Error || typeof piece === "string") throw piece;
    throw new ValueError("model.width", `piece ${piece}`);
  }) as JobRegistry[string],
  closed: (() => {
    throw new ValueError("setup", "cannot be opened");
  }) as JobRegistry[string],
  uncopyable: (() => () => () => {}) as JobRegistry[string],
  /** Opens and works in later turns; reports how many of its pieces are in progress. */
  slow: (async () => {
    await new Promise(setImmediate);
    let running = 0;
    return async (piece: unknown) => {
      running++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (piece === "fail") throw new ValueError("piece", "fails slowly");
      return running--;
    };
  }) as JobRegistry[string],
};

const ports = (count: number, delay?: (thread: number, index: number) => number, registry = jobs) =>
  workerPorts(registry, count, delay);

describe.each([
  ["inline", () => inlineExecutor(jobs)],
  ["on three workers", () => workerExecutor(ports(3, (_, index) => (index * 7) % 5).list)],
] as const)("an executor %s", (_, create) => {
  test("gives results in piece order, whichever is done first", async () => {
    const session = create().open<{ factor: number }, number, number>("scale", { factor: 10 });
    const pieces = Array.from({ length: 11 }, (_, i) => i);
    expect(await session.run(pieces)).toEqual(pieces.map((piece) => 10 * piece));
    expect(await session.run([])).toEqual([]);
    expect(await session.run([7])).toEqual([70]);
  });

  test("passes on each result as it comes, once, with the index of its piece", async () => {
    const session = create().open<{ factor: number }, number, number>("scale", { factor: 10 });
    const seen = new Map<number, number>();
    const pieces = Array.from({ length: 11 }, (_, i) => 100 - i);
    const keep = (result: number, index: number) => {
      expect(seen.has(index)).toBe(false);
      seen.set(index, result);
    };
    await session.run([1, 2, 3]);
    const results = await session.run(pieces, keep);
    expect(results.map((_, i) => seen.get(i))).toEqual(results);
    const refuse = () => {
      throw new RangeError("no room");
    };
    expect((await rejection(session.run([1, 2], refuse))).message).toBe("no room");
  });

  test("gives a piece to each thread once, and gives the results by thread", async () => {
    const executor = create();
    const all = Array.from({ length: executor.threads }, (_, thread) => thread);
    const session = executor.open<null, unknown, number>("thread", null);
    expect(await session.each("what")).toEqual(all);
    await session.run([1, 2, 3, 4, 5]);
    expect(await session.each("what")).toEqual(all);
    const few = executor.open<null, unknown, number>("thread", null, { threads: 2 });
    expect(await few.each("what")).toEqual(all.slice(0, 2));
    const error = await rejection(executor.open<null, number, unknown>("fail", null).each(5));
    expect(error).toMatchObject({ tag: "value", path: "model.width", message: "piece 5" });
  });

  test("waits for a job that opens and works asynchronously, one piece at a time", async () => {
    const session = create().open<null, unknown, number>("slow", null);
    expect(await session.run([1, 2, 3, 4, 5])).toEqual([1, 1, 1, 1, 1]);
    expect(await rejection(session.run(["fail"]))).toMatchObject({ tag: "value", path: "piece" });
  });

  test("keeps sessions apart", async () => {
    const executor = create();
    const [a, b] = [2, 3].map((factor) => executor.open<{ factor: number }, number, number>("scale", { factor }));
    expect(await Promise.all([a.run([1, 2, 3, 4]), b.run([1, 2, 3, 4])])).toEqual([
      [2, 4, 6, 8],
      [3, 6, 9, 12],
    ]);
    a.close();
    expect(await b.run([5])).toEqual([15]);
  });

  test("passes on an error of a piece with its class, path and message", async () => {
    const session = create().open<null, number, unknown>("fail", null);
    const error = await rejection(session.run([5]));
    expect(error).toBeInstanceOf(ValueError);
    expect(error).toMatchObject({ tag: "value", name: "ValueError", path: "model.width", message: "piece 5" });
    expect(error.stack).toContain("executor.test.ts");
  });

  test("passes on errors that are not of our classes", async () => {
    const session = create().open<null, unknown, unknown>("fail", null);
    const error = await rejection(session.run([new RangeError("out of range")]));
    expect(error).not.toBeInstanceOf(XpikeError);
    expect(error).toMatchObject({ name: "RangeError", message: "out of range" });
  });

  test("reports why a job could not be opened, and which jobs exist", async () => {
    const executor = create();
    expect(await rejection(executor.open("closed", null).run([1]))).toMatchObject({
      tag: "value",
      path: "setup",
      message: "cannot be opened",
    });
    expect(await rejection(executor.open("scales", null).run([1]))).toMatchObject({
      tag: "platform",
      message: 'There is no job "scales". Known: scale, thread, fail, closed, uncopyable, slow.',
    });
    expect((await rejection(executor.open("toString", null).run([1]))).message).toContain("no job");
  });
});

describe("worker threads", () => {
  test("return every error class", async () => {
    const kinds = Object.values(errors).filter(
      (value): value is typeof ValueError => typeof value === "function" && value.prototype instanceof XpikeError,
    );
    expect(kinds.length).toBeGreaterThan(5);
    for (const kind of kinds) {
      const throws: JobRegistry = {
        throws: () => () => {
          throw new kind("a.path", "a message");
        },
      };
      const executor = workerExecutor(ports(1, undefined, throws).list);
      const error = await rejection(executor.open("throws", null).run([1]));
      expect(error).toBeInstanceOf(kind);
      expect(error).toMatchObject({ path: "a.path", message: "a message" });
    }
  });

  test("are all used, one piece at a time each", async () => {
    const session = workerExecutor(ports(3).list).open<null, number, number>("thread", null);
    expect(new Set(await session.run([0, 1, 2, 3, 4, 5]))).toEqual(new Set([0, 1, 2]));
  });

  test("open a job on the first few of them if no more are requested", async () => {
    const session = workerExecutor(ports(3).list).open<null, number, number>("thread", null, { threads: 2 });
    expect(new Set(await session.run([0, 1, 2, 3, 4, 5]))).toEqual(new Set([0, 1]));
  });

  test("ignore what a failed list leaves behind", async () => {
    // Piece 0 fails at once. Piece 1 of the same list answers after 40 turns, while piece 2, the whole next list, takes 80.
    const session = workerExecutor(ports(2, (_, index) => 40 * index).list).open<null, unknown, number>("fail", null);
    expect((await rejection(session.run(["first", "left behind"]))).message).toBe("first");
    expect((await rejection(session.run(["second"]))).message).toBe("second");
  });

  test("do not begin a piece while one left behind by a failed list is still running", async () => {
    const registry: JobRegistry = {
      wait: () => {
        let running = 0;
        return async (milliseconds) => {
          if (milliseconds === 0) throw new ValueError("piece", "fails at once");
          running++;
          await new Promise((resolve) => setTimeout(resolve, milliseconds as number));
          return running--;
        };
      },
    };
    const session = workerExecutor(ports(2, undefined, registry).list).open<null, number, number>("wait", null);
    await rejection(session.run([0, 30]));
    expect(await session.run([1, 1, 1])).toEqual([1, 1, 1]);
  });

  test("reject what they run when one crashes, and everything after", async () => {
    const { list, crash } = ports(2, () => NEVER);
    const session = workerExecutor(list).open<{ factor: number }, number, number>("scale", { factor: 1 });
    const running = rejection(session.run([1, 2, 3]));
    crash[1](new Error("out of memory"));
    const error = await running;
    expect(error).toBeInstanceOf(PlatformError);
    expect(error.message).toBe("A worker thread stopped: out of memory. Use fewer threads if memory ran out.");
    expect(await rejection(session.run([1]))).toBe(error);
  });

  test("reject what they run when they are closed", async () => {
    const executor = workerExecutor(ports(2, () => NEVER).list);
    const running = rejection(executor.open<{ factor: number }, number, number>("scale", { factor: 1 }).run([1]));
    await executor.close();
    expect((await running).message).toBe("The threads were closed during their work.");
  });

  test("reject a result that cannot be copied, instead of waiting for it", async () => {
    const session = workerExecutor(ports(1).list).open("uncopyable", null);
    expect((await rejection(session.run([1]))).name).toBe("DataCloneError");
  });
});

describe("a thread that hangs", () => {
  const TICK = 10;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Lets messages through, then lets time pass. */
  const pass = async (ticks: number) => {
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    vi.advanceTimersByTime(ticks * TICK);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  };

  /** Threads of which the given ones never answer that piece, numbered in order of creation. */
  function watched(count: number, hangs: (thread: number, index: number) => boolean, registry = jobs) {
    let made = 0;
    const ended: number[] = [];
    const create = () => {
      const thread = made++;
      const [port] = ports(1, (_, index) => (hangs(thread, index) ? NEVER : 1), registry).list;
      // Threads end one after another, as real ones do.
      const terminate = async () => {
        ended.push(thread);
        for (let turn = 0; turn < 3 * thread; turn++) await new Promise(setImmediate);
      };
      return { ...port, terminate };
    };
    const list = Array.from({ length: count }, create);
    const executor = workerExecutor(list, { limit: 60 * TICK, replace: create, way: "allow more" });
    return { executor, ended, made: () => made };
  }

  test("has its piece done by a new thread if pieces are repeatable", async () => {
    const { executor, ended, made } = watched(2, (thread, index) => thread === 1 && index === 1);
    const session = executor.open<{ factor: number }, number, number>("scale", { factor: 10 }, { repeatable: true });
    const seen: number[] = [];
    const results = session.run([1, 2, 3, 4], (_, index) => seen.push(index));
    await pass(60);
    expect(ended).toEqual([]);
    await pass(1);
    expect(await results).toEqual([10, 20, 30, 40]);
    expect(seen.toSorted()).toEqual([0, 1, 2, 3]);
    expect([ended, made()]).toEqual([[1], 3]);
    expect(await session.run([5, 6, 7])).toEqual([50, 60, 70]);
  });

  test("is an error at the second try, with the time and the remedy", async () => {
    const { executor, ended } = watched(1, (_, index) => index === 0);
    const session = executor.open<{ factor: number }, number, number>("scale", { factor: 10 }, { repeatable: true });
    const running = rejection(session.run([1, 2]));
    await pass(61);
    expect(ended).toEqual([0]);
    await pass(61);
    const error = await running;
    expect(ended).toEqual([0, 1]);
    expect(error).toBeInstanceOf(PlatformError);
    expect(isHung(error)).toBe(true);
    expect(error.message).toMatch(/^A thread was stopped because its work \(scale\) .* allow more\. /);
    expect(await session.run([3])).toEqual([30]);
  });

  test("ends a session whose pieces are not repeatable, and no other", async () => {
    const { executor } = watched(2, (thread, index) => thread === 0 && index === 0);
    const other = executor.open<null, unknown, number>("thread", null, { repeatable: true });
    const session = executor.open<{ factor: number }, number, number>("scale", { factor: 10 });
    const running = rejection(session.each(1));
    const beside = other.run([1, 2, 3]);
    await pass(61);
    expect(isHung(await running)).toBe(true);
    await pass(61);
    expect((await beside).length).toBe(3);
    session.close();
    expect(await executor.open<{ factor: number }, number, number>("scale", { factor: 2 }).each(1)).toEqual([2, 2]);
  });

  test("leaves the pieces queued behind it to the new thread if it had done none of that session", async () => {
    const { executor, made } = watched(2, (thread) => thread < 2);
    const open = () => executor.open<{ factor: number }, number, number>("scale", { factor: 10 });
    const first = open();
    const again = rejection(first.each(1)).then((error) => {
      expect(isHung(error)).toBe(true);
      first.close();
      return open().each(2);
    });
    await pass(61);
    expect(await again).toEqual([20, 20]);
    expect(made()).toBe(4);
  });

  test("gets 20 times the longest piece of its job, and new time whenever its piece makes progress", async () => {
    const turns: (() => void)[] = [];
    const registry: JobRegistry = {
      wait: () => async (_, alive) => {
        for (let part = 0; part < 2; part++) {
          await new Promise<void>((resolve) => turns.push(resolve));
          alive();
        }
        return "done";
      },
    };
    const { executor, ended } = watched(1, () => false, registry);
    const session = executor.open<null, number, string>("wait", null, { repeatable: true });
    const first = session.run([1]);
    for (let part = 0; part < 2; part++) {
      await pass(30);
      turns.shift()!();
    }
    await pass(0);
    expect(await first).toEqual(["done"]);
    void rejection(session.run([1]));
    await pass(600);
    expect(ended).toEqual([]);
    await pass(1);
    expect(ended).toEqual([0]);
    await executor.close();
  });
});

test("events are handled while pieces run inline", async () => {
  const session = inlineExecutor(jobs).open<{ factor: number }, number, number>("scale", { factor: 1 });
  let before = 0;
  let finished = false;
  setImmediate(() => {
    before = finished ? 0 : 1;
  });
  await session.run([1, 2, 3]);
  finished = true;
  expect(before).toBe(1);
});
