// @module-tag slow
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { gpu, testOnGpu } from "../../../test/support/gpu.ts";
import { tinyDocument } from "../../../test/support/tiny-training.ts";
import { parseDesign } from "../../experiment/design.ts";
import type { OpenedDesign } from "../../sweep/points.ts";
import { planSweep } from "./plan.ts";
import { type Engine, runSweep } from "./sweep.ts";
import { gpuEngine, threadsEngine } from "./threads.ts";

testOnGpu("a sweep on a GPU has the rows of threads, also of points that GPUs do not simulate", async () => {
  const folder = await mkdtemp(join(tmpdir(), "xpikeformer-sweep-"));
  const experiment = {
    ...tinyDocument({
      model: { kind: "spiking", steps: 2, neuron: { threshold: 0.3 } },
      hardware: { chips: 2, crossbar: { rows: 16, columns: 16 } },
    }),
    evaluation: { prompts: 24 },
  };
  // Noise behind a converter is no whole number, so the CPU simulates those points.
  const axes = { "hardware.adc.bits": [4, 5], "hardware.adc.errors.outputNoise": [0, 0.5] };
  const design = parseDesign({ experiment, axes, objectives: ["errorRate", "yearLoss", "energy"] }) as OpenedDesign;
  const run = async (engine: Engine, to: string) => {
    const rows = await runSweep(await planSweep(design, { directory: "." }), join(folder, to), { engine, threads: 1 });
    return rows.map(({ values, measures }) => ({ values, measures }));
  };
  try {
    const expected = await run(threadsEngine(1), "threads");
    const submissions = vi.spyOn(gpu.device.queue, "submit");
    expect(await run(gpuEngine(gpu), "gpu")).toEqual(expected);
    expect(submissions).toHaveBeenCalled();
    expect(expected).toHaveLength(4);
  } finally {
    await rm(folder, { recursive: true });
  }
});
