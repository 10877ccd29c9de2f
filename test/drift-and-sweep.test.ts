// @module-tag slow
import { describe, expect, test } from "vitest";
import { SpecError } from "../src/errors.ts";
import { evaluateChips } from "../src/evaluation/chips.ts";
import { jobs } from "../src/evaluation/jobs.ts";
import { RECOMMENDED_FORMATS } from "../src/experiment/arithmetic.ts";
import { parseDurations } from "../src/experiment/duration.ts";
import type { Experiment } from "../src/experiment/experiment.ts";
import type { SpikingSpec } from "../src/experiment/model.ts";
import { parseSweep } from "../src/experiment/sweep.ts";
import { initialise, type Network } from "../src/model/network.ts";
import { mean } from "../src/numeric/statistics.ts";
import { stream } from "../src/numeric/stream.ts";
import type { Report } from "../src/report/report.ts";
import { evaluateDrift } from "../src/runs/drift.ts";
import type { EvaluatedNetworks } from "../src/runs/study.ts";
import { evaluateSweep } from "../src/runs/sweep.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import { inlineExecutor } from "../src/threads/executor.ts";
import { tinyExperiment } from "./support/tiny-training.ts";

const YEAR = 365 * 86_400;
const executor = inlineExecutor(jobs);
const size = { chips: 3, prompts: 80 };
const options = { executor, command: "xpike eval test", versions: {}, hardwareAware: true, ...size };
const ages = parseDurations("1y,1s,1h", "drift");

/** A low threshold keeps the untrained network active. */
const trained: Parameters<typeof tinyExperiment>[0] = {
  seed: 4,
  model: { kind: "spiking", steps: 3, neuron: { threshold: 0.3 } },
  hardware: { chips: 2, arithmetic: null, crossbar: { rows: 16, columns: 16 }, compensation: { scope: "none" } },
};
const experiment = tinyExperiment(trained);
function untrained(seed: number, of = experiment): Network<SpikingSpec> {
  return initialise(of.model as SpikingSpec, networkGeometry(of, createTask(of)), stream(seed));
}
const networks: EvaluatedNetworks = { network: untrained(1), conventional: untrained(2) };

const valuesOf = (report: Report) => Object.fromEntries(report.figures.map(({ id, value }) => [id, value]));

/** The mean error rate by the other way of evaluating chips. */
async function rateOf(network: Network<SpikingSpec>, hardware: Experiment["hardware"], of = experiment) {
  const evaluations = await evaluateChips(executor, of, network, { ...size, hardware });
  return mean(evaluations.map(({ errors }) => errors.bits.rate));
}

describe("error rates over age", () => {
  const compensation = { ...experiment.hardware.compensation, scope: "crossbar" } as const;

  test("are those of the same chips at each age, with changes relative to the youngest", async () => {
    const report = await evaluateDrift(experiment, networks, ages, options);
    const values = valuesOf(report);
    const { hardware } = experiment;
    const old = { ...hardware, readTime: YEAR };
    const first = networks.network as Network<SpikingSpec>;
    const second = networks.conventional as Network<SpikingSpec>;
    const expected = {
      "hwat.uncompensated.1s": await rateOf(first, hardware),
      "hwat.uncompensated.1y": await rateOf(first, old),
      "hwat.compensated.1y": await rateOf(first, { ...old, compensation }),
      "ct.uncompensated.1y": await rateOf(second, old),
      "ct.compensated.1y": await rateOf(second, { ...old, compensation }),
    };
    for (const [id, rate] of Object.entries(expected)) expect(values[`ber.drift.${id}`], id).toBeCloseTo(rate, 12);
    expect(new Set(Object.values(expected)).size).toBeGreaterThan(3);
    const change = expected["hwat.uncompensated.1y"] - expected["hwat.uncompensated.1s"];
    expect(values["ber.drift.hwat.uncompensated.1y.change"]).toBeCloseTo(change, 12);
    expect(values["ber.drift.hwat.uncompensated.1s.change"]).toBeUndefined();
    const gap = expected["hwat.compensated.1y"] - expected["ct.compensated.1y"];
    expect(values["ber.drift.gap.compensated.1y"]).toBeCloseTo(gap, 12);
    const gain = expected["ct.compensated.1y"] - expected["ct.uncompensated.1y"];
    expect(values["ber.drift.gain.ct.1y"]).toBeCloseTo(gain, 12);
    const [chart] = report.charts;
    expect(chart).toMatchObject({ kind: "lines", x: { ticks: [1, 3600, YEAR], tickLabels: ["1s", "1h", "1y"] } });
    expect(report.claims.map(({ id }) => id)).toContain("table-v-order");
    expect(report.experiment).toMatchObject({ hardware: { chips: 3 }, evaluation: { prompts: 80 } });
  });

  test("leave out what has no network, and give the spread of reads only if there are several", async () => {
    const few = { ...options, prompts: 8, chips: 2 };
    const alone = await evaluateDrift(experiment, { network: untrained(1) }, ages, few);
    expect(alone.figures.some(({ id }) => id.includes(".ct."))).toBe(false);
    expect(alone.claims.map(({ id }) => id)).toEqual(["table-v-hwat-compensated", "table-v-hwat-uncompensated"]);
    expect(valuesOf(alone)["ber.drift.hwat.compensated.1y.chips"]).toBeGreaterThanOrEqual(0);
    expect(valuesOf(alone)["ber.drift.hwat.compensated.1y.reads"]).toBeUndefined();
    const again = await evaluateDrift(experiment, { network: untrained(1) }, ages, { ...few, reads: 3 });
    expect(valuesOf(again)["ber.drift.hwat.compensated.1y.reads"]).toBeGreaterThanOrEqual(0);
  });

  test("are called hardware-aware only for a network that was trained so", async () => {
    const few = { ...options, prompts: 8, chips: 2 };
    const words = (report: Report) =>
      [report.summary, report.description, ...report.figures.map(({ label }) => label)].join();
    expect(words(await evaluateDrift(experiment, networks, ages, few))).toMatch(/hardware-aware.*HWAT/);
    const plain = await evaluateDrift(experiment, networks, ages, { ...few, hardwareAware: false });
    expect(words(plain)).not.toMatch(/hardware-aware training|HWAT/);
    expect(words(plain)).toContain("Network, compensated, 1y");
    // The paper's row for a hardware-aware network does not apply to this one; ids stay.
    expect(plain.claims.map(({ id }) => id)).toEqual(["table-v-ct-compensated", "table-v-ct-uncompensated"]);
    expect(plain.figures.map(({ id }) => id)).toContain("ber.drift.hwat.compensated.1y");
    const { hardwareAware: _, ...unsaid } = few;
    const noisy = tinyExperiment({
      ...trained,
      training: { stages: [{ steps: 1, warmup: 0, noise: { weights: 0.04 } }] },
    });
    expect(words(await evaluateDrift(experiment, networks, ages, unsaid))).not.toContain("HWAT");
    expect(words(await evaluateDrift(noisy, networks, ages, unsaid))).toContain("HWAT");
  });

  test("note once that a T was validated, also for the network of conventional training", async () => {
    const longer = tinyExperiment({ ...trained, model: { kind: "spiking", steps: 5, neuron: { threshold: 0.3 } } });
    const both = { network: untrained(1, longer), conventional: untrained(2, longer) };
    const notesOf = async (validatedSteps?: readonly number[]) => {
      const given = { ...both, ...(validatedSteps && { validatedSteps }) };
      const { notes } = await evaluateDrift(experiment, given, ages.slice(0, 1), { ...options, chips: 1, prompts: 2 });
      return notes.filter((note) => /trained|training at/.test(note));
    };
    const warning = "model.steps is 3, but the network was trained with 5.";
    expect(await notesOf([3])).toEqual(["T = 3 was checked on validation prompts, after training at T = 5."]);
    expect(await notesOf([4])).toEqual([warning]);
    expect(await notesOf()).toEqual([warning]);
  });

  test("are compensated as the experiment specifies, if it does", async () => {
    const hardware = { ...experiment.hardware, compensation: { ...compensation, scope: "column" as const } };
    const report = await evaluateDrift({ ...experiment, hardware }, { network: untrained(1) }, ages, options);
    const expected = await rateOf(untrained(1), { ...hardware, readTime: YEAR });
    expect(valuesOf(report)["ber.drift.hwat.compensated.1y"]).toBeCloseTo(expected, 12);
    expect(report.description).toContain("one factor per column");
  });

  test("report progress for every prompt", async () => {
    const steps: number[] = [];
    const onProgress = (done: number, total: number) => {
      expect(total).toBe(2 * 3 * size.chips * size.prompts);
      steps.push(done);
    };
    await evaluateDrift(experiment, { network: untrained(1) }, ages, { ...options, onProgress });
    expect(steps.at(-1)).toBe(2 * 3 * size.chips * size.prompts);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
  });

  test("name the checkpoint that does not fit", async () => {
    const wide = tinyExperiment({ model: { kind: "spiking", width: 16 } });
    const run = evaluateDrift(experiment, { network: untrained(1), conventional: untrained(1, wide) }, ages, options);
    await expect(run).rejects.toThrow(SpecError);
    await expect(run).rejects.toMatchObject({ path: "model.width" });
    await expect(run).rejects.toThrow("The network of checkpoints.conventional was trained with model.width 16");
  });
});

describe("error rates over a field", () => {
  test("are those of the experiment with each value, compared with its own", async () => {
    const sweep = parseSweep("adc.bits=3,5,null", experiment);
    const report = await evaluateSweep(experiment, networks, sweep, [], options);
    const values = valuesOf(report);
    for (const [name, { experiment: changed }] of ["3", "5", "null"].map(
      (name, i) => [name, sweep.points[i]] as const,
    )) {
      const expected = await rateOf(networks.conventional as Network<SpikingSpec>, changed.hardware);
      expect(values[`ber.sweep.adc.bits.${name}.ct`], name).toBeCloseTo(expected, 12);
    }
    const change = values["ber.sweep.adc.bits.3.hwat"] - values["ber.sweep.adc.bits.5.hwat"];
    expect(values["ber.sweep.adc.bits.3.hwat.change"]).toBeCloseTo(change, 12);
    expect(values["ber.sweep.adc.bits.5.hwat.change"]).toBeUndefined();
    expect(report.charts[0]).toMatchObject({
      x: { label: "adc.bits", ticks: [0, 1, 2], tickLabels: ["3", "5", "null"] },
    });
  });

  test("report where codes are finer than the registers after them", async () => {
    const whole = { ...experiment, hardware: { ...experiment.hardware, arithmetic: RECOMMENDED_FORMATS } };
    const finer = async (text: string) => {
      const few = { ...options, chips: 1, prompts: 4 };
      const { notes } = await evaluateSweep(whole, { network: untrained(1) }, parseSweep(text, whole), [], few);
      return notes.filter((note) => note.includes("fraction bits after the converters"));
    };
    // 8 fraction bits are enough for codes of 6 bits.
    expect(await finer("adc.bits=5,6")).toEqual([]);
    expect(await finer("adc.bits=6,7")).toEqual([expect.stringContaining("Codes of 7 bits need 9 fraction bits")]);
    expect(await finer("arithmetic.fractionBits=6,8")).toEqual([expect.stringContaining("has 6")]);
  });

  test("over time steps come from one run of the longest", async () => {
    const sweep = parseSweep("steps=1..4", experiment);
    const report = await evaluateSweep(experiment, { network: untrained(1) }, sweep, [], options);
    const longest = { ...sweep.points[3].experiment, task: experiment.task };
    const network = { ...untrained(1), model: longest.model as SpikingSpec };
    const evaluations = await evaluateChips(executor, longest, network, size);
    for (let steps = 1; steps <= 4; steps++) {
      const expected = mean(evaluations.map(({ bySteps }) => bySteps[steps - 1].bits.rate));
      expect(valuesOf(report)[`ber.sweep.steps.${steps}.hwat`], `${steps}`).toBeCloseTo(expected, 12);
    }
    expect(report.charts[0]).toMatchObject({ x: { label: "steps", ticks: [1, 2, 3, 4] } });
    expect(valuesOf(report)["ber.sweep.steps.3.hwat.change"]).toBeUndefined();
  });

  test("have a curve for each age", async () => {
    const sweep = parseSweep("compensation.scope=none,crossbar", experiment);
    const report = await evaluateSweep(experiment, { network: untrained(1) }, sweep, ages.slice(0, 2), options);
    const drift = await evaluateDrift(experiment, { network: untrained(1) }, ages.slice(0, 2), options);
    const [swept, aged] = [valuesOf(report), valuesOf(drift)];
    for (const age of ["1s", "1y"]) {
      expect(swept[`ber.sweep.compensation.scope.none.hwat.${age}`]).toBe(aged[`ber.drift.hwat.uncompensated.${age}`]);
      expect(swept[`ber.sweep.compensation.scope.crossbar.hwat.${age}`]).toBe(
        aged[`ber.drift.hwat.compensated.${age}`],
      );
    }
  });

  test("cannot be over the read time and over ages at once", async () => {
    const sweep = parseSweep("readTime=1,2", experiment);
    await expect(evaluateSweep(experiment, networks, sweep, ages, options)).rejects.toThrow("Keep one: --drift");
  });

  test("name the curve with the lowest rate if there are several", async () => {
    const sweep = parseSweep("adc.bits=3,5", experiment);
    const few = { ...options, chips: 2, prompts: 8 };
    const summaryOf = async (of: EvaluatedNetworks, at: typeof ages) =>
      (await evaluateSweep(experiment, of, sweep, at, few)).summary;
    const alone = { network: untrained(1) };
    expect(await summaryOf(alone, [])).toMatch(/^The lowest bit error rate over 2 values of adc.bits is /);
    expect(await summaryOf(alone, ages.slice(0, 1))).toMatch(/^The lowest .* over 2 values/);
    expect(await summaryOf(networks, [])).toMatch(/^HWAT: the lowest bit error rate over 2 values of adc.bits is /);
    expect(await summaryOf(alone, ages)).toMatch(/^HWAT, 1y: the lowest .* over 2 values/);
  });
});
