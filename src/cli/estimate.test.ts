import { expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { describeWork, expectedRun, expectedStudy } from "./estimate.ts";

const experiment = tinyExperiment();
const network = initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(1));

test("work grows with chips, prompts and compared networks, and threads share all but the programming", () => {
  const sized = (chips: number, prompts: number) =>
    expectedRun(
      {
        ...experiment,
        hardware: { ...experiment.hardware, chips },
        evaluation: { ...experiment.evaluation, prompts, snrDecibels: [], steps: [] },
      },
      { network },
    );
  const [small, long, wide] = [sized(2, 100), sized(2, 200), sized(4, 100)];
  expect(small.words).toBe("2 chips x 100 prompts");
  expect(long.shared / small.shared).toBeCloseTo(2, 12);
  expect(long.each).toBe(small.each);
  expect(wide.each / small.each).toBeCloseTo(2, 12);
  expect(expectedRun(experiment, { network, spiking: network }).shared).toBeGreaterThan(
    expectedRun(experiment, { network }).shared,
  );
});

test("a study says its conditions, and what is not worth a number is not given one", () => {
  const work = expectedStudy(experiment, network, { conditions: 24, chips: 1, reads: 2, prompts: 16 });
  expect(describeWork(work, 1, 1)).toBe("24 conditions x 1 chip x 2 reads x 16 prompts: some seconds on 1 thread");
  const shown = (each: number, shared: number, threads: number, slowness = 1) =>
    describeWork({ words: "x", each, shared }, threads, slowness);
  expect(shown(4, 70, 2)).toBe("x: about 40 s on 2 threads, measured on this machine");
  expect(shown(0, 740, 1)).toBe("x: about 12 min on 1 thread, measured on this machine");
  expect(shown(0, 20_000, 1)).toBe("x: about 6 h on 1 thread, measured on this machine");
});

test("on a machine that is measured to be slower the same work takes longer", () => {
  const work = { words: "x", each: 4, shared: 70 };
  expect(describeWork(work, 2, 4)).toBe("x: about 3 min on 2 threads, measured on this machine");
  expect(describeWork(work, 2, 0.1)).toBe("x: some seconds on 2 threads");
});
