// @module-tag slow
import { expect, test } from "vitest";
import { evaluateChips } from "../evaluation/chips.ts";
import { jobs } from "../evaluation/jobs.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { initialise, type Network } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { networkGeometry } from "../task/create.ts";
import { openExperiment } from "../task/open.ts";
import { inlineExecutor } from "../threads/executor.ts";
import { chipSoftBits } from "./chip-soft-bits.ts";

const SLOTS = {
  kind: "slot-detection",
  channel: { kind: "tdl", subcarriers: 6, symbols: 5, pilots: { symbols: [2] } },
};
const model = { width: 16, heads: 2, depth: 1, expansion: 2, steps: 2, neuron: { threshold: 0.4 }, readOut: "bits" };

test.each([
  [{ ...SLOTS, transmitAntennas: 2 }, 24, 2],
  [{ pilots: 4 }, 1, 2],
])(
  "decisions are those of the first chip's run, and sent bits are what it was asked: %j",
  async (task, elements, antennas) => {
    const experiment = parseExperiment({ seed: 4, task, model, evaluation: { prompts: 6, steps: [2] } });
    const opened = openExperiment(experiment);
    const network = initialise(
      experiment.model,
      networkGeometry(experiment, opened.task),
      stream(3),
    ) as Network<SpikingSpec>;
    const executor = inlineExecutor(jobs);
    const soft = await chipSoftBits(executor, opened, { network });
    expect([soft.blocks, soft.elements, soft.antennas, soft.bits]).toEqual([6, elements, antennas, 2]);
    const [{ errors }] = await evaluateChips(executor, experiment, network, { chips: 1, prompts: 6 });
    const wrong = soft.llrs.reduce((sum, llr, i) => sum + (llr < 0 !== (soft.sent[i] === 1) ? 1 : 0), 0);
    expect("bits" in errors && errors.bits.errors).toBe(wrong);
    expect(wrong).toBeGreaterThan(0);
    expect(soft.sent.reduce((sum, bit) => sum + bit, 0)).toBeGreaterThan(0);
  },
);

test("a task that sends no bits is refused", async () => {
  const experiment = parseExperiment({
    task: { kind: "event-classification", data: "moving-bars" },
    model: { width: 16, heads: 2 },
  });
  const opened = { experiment, data: null, task: null } as never;
  const network = { model: experiment.model } as never;
  await expect(chipSoftBits(inlineExecutor(jobs), opened, { network })).rejects.toMatchObject({
    path: "evaluation.softBits",
  });
});
