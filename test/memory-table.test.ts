/** Checks the table of docs/performance.md against the memory plans. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseExperiment } from "../src/experiment/parse.ts";
import { presets } from "../src/experiment/presets.ts";
import { countingArena, LARGEST_MEMORY } from "../src/kernels/arena.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import { oneMemory, planPasses, planTraining } from "../src/train/plan.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/performance.md"), "utf8");
const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(2);

test.each(presets().filter(({ name }) => name.startsWith("paper-")))(
  "memory for training $name",
  ({ name, document }) => {
    const experiment = parseExperiment(document);
    const geometry = networkGeometry(experiment, createTask(experiment));
    const perThread = (recompute: boolean) => {
      const counting = countingArena();
      planPasses(counting, experiment, geometry, experiment.training.stages[0], recompute);
      return counting.used;
    };
    const shared =
      planTraining(experiment, geometry, 0, 1, oneMemory(Number.POSITIVE_INFINITY)).bytes - perThread(false);
    const { regions, recompute } = planTraining(experiment, geometry, 0, 8);
    const threads = `${regions.length}${recompute ? ", again" : ""}`;
    const apart = planTraining(experiment, geometry, 0, 8, { total: 2 ** 36, each: LARGEST_MEMORY });
    expect(apart.regions).toHaveLength(8);
    const inAll = `${gib(apart.totalBytes)}${apart.own ? ", apart" : ""}${apart.recompute ? ", again" : ""}`;
    const perThreads = [perThread(false), perThread(true)].map(gib);
    const cells = [`\`${name}\``, gib(shared), ...perThreads, threads, inAll];
    expect(page).toContain(`| ${cells.join(" | ")} |`);
  },
);
