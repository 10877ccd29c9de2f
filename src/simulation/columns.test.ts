// @module-tag slow
import { expect, test } from "vitest";
import { tinyBits, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { type HardwareSpec, hardwareSpec } from "../experiment/hardware.ts";
import { type TransformerSpec, transformerSpec } from "../experiment/model.ts";
import { ACTION_NAMES, sumActions } from "../hardware/actions.ts";
import { countActions } from "../machine/counts.ts";
import { machineOf } from "../machine/machine.ts";
import { machineNetwork } from "../machine/network.ts";
import { scheduleOf } from "../machine/schedule.ts";
import { readClocks } from "../mapping/clocks.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import type { Network } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes, type SpikeTrain } from "../spike/train.ts";
import { type Chip, programChip, readChip } from "./chip.ts";
import { columnPlan, columnTile, tilesOf } from "./columns.ts";
import { compensationCost } from "./compensation.ts";
import { partOfMapping } from "./fast/part.ts";
import { calibrateFast, createStandaloneSimulator } from "./fast/simulate.ts";
import { calibrate, simulate } from "./reference/simulate.ts";

const { tokens, inputs } = tinyGeometry;
const charge = { attentionInput: "charge", feedForwardUp: "charge" };
const comparator = { attentionInput: "comparator", feedForwardUp: "comparator" };
const circuit = { capacitor: 1, offset: 20, noise: 5, mismatch: 0.02, leakage: 1e-6, settling: 4, trim: { bits: 4 } };
/** Row blocks and column groups that end within words. */
const oddBlocks = { rows: 13, columns: 10 };

function input(prompts: number, steps: number): SpikeTrain {
  return packSpikes(tinyBits(steps, prompts, 3), steps, prompts * tokens, inputs);
}

function networkOf(model: object = {}): Network<TransformerSpec> {
  const base = { kind: "spiking", normalisation: "none", width: 24, heads: 3, depth: 2, expansion: 2, steps: 3 };
  const busy = { neuron: { threshold: 0.4 }, attention: { scoreGain: 16 } };
  return tinyNetwork(transformerSpec.parse({ ...base, ...busy, ...model }), 4);
}

function chipOf(network: Network<TransformerSpec>, hardware: HardwareSpec): Chip {
  return programChip(network, mapNetwork(network, hardware), hardware, stream(1));
}

test.each<[object, object, number?]>([
  [{}, { readOut: charge }],
  [{}, { readOut: { ...charge, circuit }, crossbar: oddBlocks }],
  [{}, { readOut: { ...charge, circuit }, crossbar: oddBlocks, adc: { mode: "pair", errors: { outputNoise: 0.4 } } }],
  [{}, { readOut: { attentionInput: "charge", circuit: { noise: 9 } }, crossbar: { rows: 16, columns: 16 } }],
  [{}, { readOut: { feedForwardUp: "charge", circuit: { capacitor: 0.5 } }, readTime: 1e6 }],
  [{ neuron: { threshold: 0.3, reset: "soft" } }, { readOut: { ...charge, circuit }, crossbar: oddBlocks }],
  [{ neuron: { kind: "if", threshold: 0.6 } }, { readOut: { ...charge, circuit }, crossbar: { scaling: "crossbar" } }],
  [{ outputProjection: false }, { readOut: { ...charge, circuit }, compensation: { scope: "tile" }, readTime: 1e5 }],
  [{}, { readOut: { ...charge, circuit }, calibration: "codes", crossbar: oddBlocks, readTime: 1e6 }],
  [{ steps: 1 }, { readOut: { ...comparator, circuit } }, 1],
  [{ steps: 1 }, { readOut: { ...charge, circuit }, order: "step-major", crossbar: oddBlocks }, 1],
])("charges and decisions of the kernels equal the reference bit for bit: %j on %j", (model, document, steps = 3) => {
  const network = networkOf(model);
  const bare = chipOf(network, hardwareSpec.parse(document));
  const chip = calibrate(bare, input(5, steps), stream(2));
  expect(calibrateFast(bare, input(5, steps), stream(2))).toEqual(chip);
  const simulator = createStandaloneSimulator(chip, { maxPrompts: 5, maxSteps: steps });
  const options = { rasters: 5, firstPrompt: 3 };
  const trace = simulate(chip, input(5, steps), stream(3), options);
  expect(simulator.run(input(5, steps), stream(3), options)).toEqual(trace);
  for (const name of ["blocks.0.qkv", "blocks.1.hidden"]) {
    expect(trace.densities[name], name).toBeGreaterThan(0.02);
    expect(trace.densities[name], name).toBeLessThan(0.98);
  }
});

test("columns give the same spikes in any batch of prompts, and others with another stream", () => {
  const chip = calibrate(
    chipOf(networkOf(), hardwareSpec.parse({ readOut: { ...charge, circuit } })),
    input(5, 3),
    stream(2),
  );
  const whole = simulate(chip, input(5, 3), stream(3));
  const first = packSpikes(firstPrompts(2), 3, 2 * tokens, inputs);
  const perPrompt = whole.logits.length / 5;
  expect(simulate(chip, first, stream(3)).logits).toEqual(whole.logits.slice(0, 2 * perPrompt));
  expect(simulate(chip, first, stream(4)).logits).not.toEqual(whole.logits.slice(0, 2 * perPrompt));

  function firstPrompts(count: number): number[] {
    const all = [...tinyBits(3, 5, 3)];
    return [0, 1, 2].flatMap((t) => all.slice(t * 5 * tokens * inputs).slice(0, count * tokens * inputs));
  }
});

/** Parameters in 64ths, which charges hold exactly. */
function dyadicNetwork(model: object): Network<TransformerSpec> {
  const network = networkOf({ neuron: { threshold: 1 }, ...model });
  const parameters = Object.entries(network.parameters).map(([name, { shape, data }]) => {
    const draws = stream(6).fork(name);
    return [name, { shape, data: data.map(() => (draws.integer(49) - 18) / 64) }];
  });
  return { ...network, parameters: Object.fromEntries(parameters) };
}

const ideal = { conductanceBits: null, device: { kind: "ideal" } };

test.each([
  [charge, {}, {}],
  [charge, { neuron: { reset: "soft" } }, oddBlocks],
  [charge, { neuron: { kind: "if", threshold: 1.5 } }, oddBlocks],
  [charge, { neuron: { beta: 0.25 } }, oddBlocks],
  [comparator, { steps: 1 }, {}],
] as const)(
  "ideal columns, %j, fire as exact neurons on the exact sums of their layer: %j",
  (kinds, model, crossbar) => {
    const network = dyadicNetwork(model);
    const { steps, neuron, width } = network.model;
    const hardware = hardwareSpec.parse({ readOut: kinds, crossbar: { ...crossbar, ...ideal } });
    const chip = calibrate(chipOf(network, hardware), input(4, steps), stream(2));
    const { rasters } = simulate(chip, input(4, steps), stream(3), { rasters: 4 });
    const beta = "beta" in neuron ? neuron.beta : 1;
    for (const [layer, from, to, outputs] of [
      ["blocks.1.qkv", "blocks.1.input", "blocks.1.qkv", 3 * width],
      ["blocks.0.up", "blocks.0.middle", "blocks.0.hidden", 2 * width],
    ] as const) {
      const weight = network.parameters[`${layer}.weight`].data;
      const offset = network.parameters[`${layer}.offset`].data;
      const { words } = rasters[from];
      const [inStride, outStride] = [Math.ceil(width / 32), Math.ceil(outputs / 32)];
      let fired = 0;
      for (let row = 0; row < 4 * tokens; row++) {
        for (let n = 0; n < outputs; n++) {
          let v = 0;
          for (let t = 0; t < steps; t++) {
            const at = t * 4 * tokens + row;
            let sum = offset[n];
            for (let i = 0; i < width; i++)
              if ((words[at * inStride + (i >> 5)] >>> (i & 31)) & 1) sum += weight[i * outputs + n];
            // Charge is a whole number of 4096ths, which a leak rounds down without changing a spike.
            v = beta * v + sum;
            const fires = v >= neuron.threshold;
            expect((rasters[to].words[at * outStride + (n >> 5)] >>> (n & 31)) & 1, `${to} ${at} ${n}`).toBe(
              fires ? 1 : 0,
            );
            if (fires) v = neuron.reset === "hard" ? 0 : v - neuron.threshold;
            fired += fires ? 1 : 0;
          }
        }
      }
      expect(fired).toBeGreaterThan(20);
    }
  },
);

test("parts of a chip program, read and draw columns as the whole does", () => {
  const hardware = hardwareSpec.parse({ readOut: { ...charge, circuit }, crossbar: oddBlocks, readTime: 1e4 });
  const network = networkOf();
  const mapping = mapNetwork(network, hardware);
  const whole = programChip(network, mapping, hardware, stream(1));
  const readings = readChip(whole, stream(2));
  for (let part = 0; part < 3; part++) {
    const chip = programChip(network, partOfMapping(mapping, part, 3), hardware, stream(1));
    const own = readChip(chip, stream(2));
    for (const { crossbar } of chip.mapping.layers.flatMap(({ blocks }) => blocks)) {
      expect(chip.columnErrors![crossbar]).toEqual(whole.columnErrors![crossbar]);
      expect(own[crossbar]).toEqual(readings[crossbar]);
    }
  }
});

test("a chip that calibrates itself finds by searched thresholds what drift took, as exact currents do", () => {
  const fine = { ...circuit, mismatch: 0, settling: null, trim: { bits: 6 } };
  const factors = (calibration: "codes" | "currents") => {
    const hardware = hardwareSpec.parse({ readOut: { ...charge, circuit: fine }, calibration, readTime: 3.15e7 });
    const chip = calibrate(chipOf(networkOf(), hardware), input(3, 3), stream(2));
    const readings = readChip(chip, stream(3));
    const decided = chip.mapping.layers.filter(({ readOut }) => readOut.kind === "charge");
    return decided.flatMap(({ blocks }) =>
      blocks.map(({ crossbar: c }) => chip.crossbars[c].scales[0] / readings[c].scales[0]),
    );
  };
  const [own, exact] = [factors("codes"), factors("currents")];
  expect(own).toHaveLength(4);
  for (const [i, factor] of own.entries()) {
    expect(factor).toBeGreaterThan(1.5);
    // As between converters and exact currents: what few lines lose is not quite what all lose.
    expect(Math.abs(factor / exact[i] - 1)).toBeLessThan(0.15);
  }
});

test("calibration of columns takes no ranges, a decision per bit of a search, and those of the trim", () => {
  const costOf = (document: object) => {
    const hardware = hardwareSpec.parse({ calibration: "codes", ...document });
    return compensationCost(mapNetwork(networkOf(), hardware), hardware);
  };
  const [own, converters] = [costOf({ readOut: { ...charge, circuit } }), costOf({})];
  // Two blocks, each with 72 columns of q, k and v and 48 of the layer up: 2 x 32 references, 10 trials of 32, 4 bits.
  expect(own.actions.decisions).toBe(2 * (72 + 48) * ((2 + 10) * 32 * 4 + 2 * 256));
  expect(converters.reads - own.reads).toBe(4 * 4 * 1024);
  expect(converters.actions.conversions - own.actions.conversions).toBe(2 * (72 + 48) * (4 * 1024 + 12 * 32));
});

test("a membrane leaks for the clocks of the slowest layer since attention, which delivers its steps", () => {
  const timing = { clock: 1e8, settle: 3, conversion: 4 };
  const hardware = hardwareSpec.parse({
    readOut: { ...charge, circuit: { leakage: 1e-6 } },
    timing,
    adc: { sharing: 8 },
  });
  const chip = chipOf(networkOf(), hardware);
  const plan = (name: string) => columnPlan(chip, chip.mapping.layers.find((layer) => layer.name === name)!)!;
  // Converters take 3 + 2 x 4 clocks of 10 ns for 24 columns on 16 readout units; columns take 3 + 1.
  expect(readClocks(chip.mapping.layers[0], hardware)).toBe(3 + 2 * 4);
  expect(readClocks(plan("blocks.0.up").layer, hardware)).toBe(4);
  expect(plan("blocks.0.up").seconds).toBeCloseTo(110e-9, 15);
  const layer = plan("blocks.0.up");
  const readings = readChip(chip, stream(2));
  const tile = tilesOf(layer.layer)[0].map((block) => ({
    block,
    reading: readings[block.crossbar],
    errors: chip.columnErrors![block.crossbar],
  }));
  // 4096 of 0.5 exp(-0.11).
  expect(columnTile(layer, tile).constants.leaks[0]).toBe(1835);
  expect(columnTile({ ...layer, seconds: 0 }, tile).constants.leaks[0]).toBe(2048);
});

test("row blocks of a column share its scale, so that their charges add up", () => {
  const hardware = hardwareSpec.parse({ readOut: charge, crossbar: oddBlocks });
  const { crossbars, mapping } = chipOf(networkOf(), hardware);
  const scales = (name: string) =>
    mapping.layers.find((layer) => layer.name === name)!.blocks.map((block) => crossbars[block.crossbar].scales);
  const [first, second] = scales("blocks.0.up");
  expect(second).toEqual(first);
  const [above, below] = scales("blocks.0.projection");
  expect(below).not.toEqual(above);
});

test.each([
  [{}, charge, "token-major", 3],
  [{ steps: 1 }, comparator, "step-major", 1],
  [{ neuron: { kind: "if", threshold: 0.8 } }, { attentionInput: "charge" }, "token-major", 3],
] as const)(
  "actions of a run equal those of sizes and densities, and its clocks the schedule: %j, %j",
  (model, kinds, order, steps) => {
    const network = networkOf(model);
    const crossbar = kinds === comparator ? {} : { rows: 13, columns: 16 };
    const hardware = hardwareSpec.parse({ readOut: { ...kinds, circuit }, crossbar, order });
    const chip = calibrate(chipOf(network, hardware), input(4, steps), stream(2));
    const trace = simulate(chip, input(4, steps), stream(3));
    const machine = machineOf(hardware, machineNetwork(network.model, network.geometry));
    const d = trace.densities;
    const fired = (name: string) => ({ query: d[name], key: d[name], value: d[name] });
    const blocks = [0, 1].map((b) => ({
      qkv: d[`blocks.${b}.input`],
      projection: d[`blocks.${b}.attention`],
      up: d[`blocks.${b}.middle`],
      down: d[`blocks.${b}.hidden`],
      ...fired(`blocks.${b}.qkv`),
      scores: 0,
      coincidences: 0,
    }));
    const counted = countActions(machine, { blocks, inputDensity: d.input, headDensity: d.output });
    const total = sumActions(counted.flatMap(({ actions, repeat }) => Array<typeof actions>(repeat).fill(actions)));
    for (const name of ACTION_NAMES) {
      if (/counterIncrements|lfsr|random|headless/.test(name)) continue;
      // The head reads some tokens, whose density is not that of all.
      const tolerance = /lineDrives|cellReads/.test(name) ? 0.02 * total[name] : 1e-6 * (1 + total[name]);
      expect(Math.abs(trace.actions[name] / 4 - total[name]), name).toBeLessThanOrEqual(tolerance);
    }
    expect(trace.actions.decisions).toBeGreaterThan(0);
    expect(trace.actions.chargeTransfers > 0).toBe(kinds !== comparator);
    const { alone } = scheduleOf(machine);
    for (const layer of chip.mapping.layers) {
      const unit = alone.units.find(({ name }) => name === layer.name)!;
      const operation = trace.operations.find(({ name, kind }) => name === layer.name && kind === "linear")!;
      expect(operation.cycles / 4, layer.name).toBe(unit.busy);
      expect(unit.end[0] - unit.start[0], layer.name).toBe(readClocks(layer, hardware));
    }
  },
);

test("a machine has comparators instead of the converters, adders and neurons behind them", () => {
  const network = networkOf();
  const described = machineNetwork(network.model, network.geometry);
  const [with_, without] = [charge, {}].map(
    (readOut) => machineOf(hardwareSpec.parse({ readOut, crossbar: oddBlocks }), described).units,
  );
  // Of 24 rows and 10 columns a group: q, k and v take 8 groups, and the layer up 5, of two row blocks each, in two blocks.
  expect(
    with_.comparators.map(({ field, count, membranes, capacitors }) => [field, count, membranes, capacitors]),
  ).toEqual([
    ["attentionInput", 2 * 80, 2 * 80, 2 * 160],
    ["feedForwardUp", 2 * 50, 2 * 50, 2 * 100],
  ]);
  expect(without.comparators).toEqual([]);
  const groups = 2 * (8 + 5);
  expect(without.converters.count - with_.converters.count).toBe(2 * groups * 5);
  expect(without.adders.count - with_.adders.count).toBe(groups * 5);
  expect(without.lif.count - with_.lif.count).toBe(groups * 5);
  expect(without.lif.membranes - with_.lif.membranes).toBe(2 * (72 + 48));
});

test.each([
  [{}, { readOut: comparator, crossbar: oddBlocks }, /ceil\(24 \/ 13\) = 2.*`charge`/],
  [{}, { readOut: comparator }, /T = 3: a comparator keeps nothing.*`charge`/],
  [{}, { readOut: charge, order: "step-major" }, /holds the charge of one token.*"token-major"/],
  [{}, { readOut: charge, arithmetic: null }, /whole numbers.*`converter`/],
  [{}, { readOut: charge, crossbars: 4 }, /only 4\. Leave hardware.crossbars null/],
  [{}, { readOut: charge, calibration: "codes" }, /searching thresholds with the trim/],
  [{}, { readOut: charge, compensation: { scope: "column" } }, /which all columns share/],
] as const)("what a column cannot hold is refused with ways out: %j, %j", (model, document, reason) => {
  const network = networkOf(model);
  const hardware = hardwareSpec.parse(document);
  expect(() => mapNetwork(network, hardware)).toThrow(reason);
  expect(() => machineOf(hardware, machineNetwork(network.model, network.geometry))).toThrow(reason);
});

test("a charge has fewer fraction bits where all rows of a sign could exceed 16, and too few are refused", () => {
  const spikes = (scale: number) => {
    const network = networkOf();
    const parameters = { ...network.parameters };
    const { shape, data } = parameters["blocks.0.up.weight"];
    parameters["blocks.0.up.weight"] = { shape, data: data.map((w) => w * scale) };
    const chip = chipOf({ ...network, parameters }, hardwareSpec.parse({ readOut: { feedForwardUp: "charge" } }));
    return calibrate(chip, input(2, 3), stream(2));
  };
  expect(() => spikes(30)).not.toThrow();
  expect(() => spikes(1e4)).toThrow(/a column of blocks.0.up receives/);
});
