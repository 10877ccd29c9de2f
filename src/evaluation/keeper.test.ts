// @module-tag slow
import { expect, test } from "vitest";
import { keepUntil, type MemoryKeeper, Stopped } from "../../test/support/memory-keeper.ts";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { workerPorts } from "../../test/support/worker-ports.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { initialise, type Network } from "../model/network.ts";
import { type Stream, stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { type Executor, inlineExecutor, workerExecutor } from "../threads/executor.ts";
import { evaluateChips } from "./chips.ts";
import { jobs } from "./jobs.ts";
import { answerPrompts, type Keeper, keeperOf, NO_KEEPER } from "./keeper.ts";
import { evaluateNetwork } from "./network.ts";
import { evaluateReceivers } from "./receivers.ts";
import { runStudy } from "./study.ts";

const experiment = tinyExperiment({ hardware: { crossbar: { rows: 16, columns: 16 } } });
const geometry = networkGeometry(experiment, createTask(experiment));
const network = initialise(experiment.model, geometry, stream(3)) as Network<SpikingSpec>;
const { hardware } = experiment;
const aged = { ...hardware, readTime: 1e6 };
const compensated = { ...aged, compensation: { ...hardware.compensation, scope: "crossbar" as const } };

const threads = (count: number): Executor =>
  count === 1 ? inlineExecutor(jobs) : workerExecutor(workerPorts(jobs, count, (_, index) => (index * 7) % 5).list);

/** Whole evaluations, each cut into slices of `slice` prompts at most. */
const evaluations = {
  "of a network": (executor: Executor, keeper: Keeper, slice: number) =>
    evaluateNetwork(executor, experiment, network, { prompts: 30, slice, keeper }),
  "of receivers": (executor: Executor, keeper: Keeper) =>
    evaluateReceivers(executor, experiment, { prompts: 2000, keeper }),
  "of chips at two SNRs": (executor: Executor, keeper: Keeper, slice: number) =>
    evaluateChips(executor, experiment, network, { chips: 2, prompts: 20, snrDecibels: [5, 20], slice, keeper }),
  "of a study": (executor: Executor, keeper: Keeper, part: number) => {
    const conditions = [hardware, aged, compensated].map((hardware) => ({ network: "own", hardware }));
    return runStudy(executor, experiment, { own: network }, conditions, {
      chips: 2,
      reads: 2,
      prompts: 20,
      part,
      keeper,
    });
  },
};

/** Interrupts the work repeatedly; each run has its own threads and slices. */
async function inSittings<R>(
  work: (keeper: Keeper, random: Stream) => Promise<R>,
): Promise<{ result: R; sittings: number }> {
  let units: MemoryKeeper["units"] = [];
  for (let sitting = 1; ; sitting++) {
    const random = stream(sitting);
    const keeper = keepUntil(1 + random.integer(4), units);
    try {
      return { result: await work(keeper, random), sittings: sitting };
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      units = keeper.units;
    }
  }
}

test.each(Object.entries(evaluations))(
  "an evaluation %s that is stopped again and again has the result of one that is not",
  async (_, evaluate) => {
    const whole = await evaluate(inlineExecutor(jobs), NO_KEEPER, 32);
    const { result, sittings } = await inSittings<unknown>((keeper, random) =>
      evaluate(threads(1 + random.integer(3)), keeper, 1 + random.integer(8)),
    );
    expect(sittings).toBeGreaterThan(1);
    expect(result).toEqual(whole);
  },
);

test("kept answers are not computed again, and no chip is programmed for them", async () => {
  const keeper = keepUntil(1000);
  const evaluate = evaluations["of chips at two SNRs"];
  const whole = await evaluate(inlineExecutor(jobs), keeper, 8);
  const nobody: Executor = inlineExecutor({});
  expect(await evaluate(nobody, keepUntil(0, keeper.units), 8)).toEqual(whole);
  await expect(evaluate(nobody, keepUntil(0, keeper.units.slice(1)), 8)).rejects.toThrow("no job");
});

test("parts of the work have separate unit names, and prompts count whoever answered them", async () => {
  const keeper = keepUntil(100);
  const answer = async (part: string, counts: number[]) =>
    answerPrompts<string>(
      5,
      { keeper: keeperOf(keepUntil(100, keeper.units), part), name: "all", onPrompts: (count) => counts.push(count) },
      async (missing, keep) => {
        for (const range of missing) keep(`${part} ${range.firstPrompt} + ${range.prompts}`, range);
      },
    );
  keeperOf(keeper, "a").keep("all", { firstPrompt: 3, prompts: 1, answers: "a kept" });
  // As left by a run that was taken for dead.
  keeperOf(keeper, "a").keep("all", { firstPrompt: 3, prompts: 1, answers: "twice" });
  const counts: number[] = [];
  expect(await answer("a", counts)).toEqual(["a 0 + 3", "a kept", "a 4 + 1"]);
  expect(counts).toEqual([1, 3, 1]);
  expect(await answer("b", [])).toEqual(["b 0 + 5"]);
});
