// @module-tag slow
/** A machine in whole numbers: equal to an integer model written from its equations, whatever the order of its sums. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { literalMachine } from "../../test/support/literal-machine.ts";
import { tinyBits, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { isXpikeError } from "../errors.ts";
import { requireTransformer, transformerSpec } from "../experiment/model.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes, type SpikeTrain, unpackSpikes } from "../spike/train.ts";
import { type Chip, chipAt, programChip, readChip } from "./chip.ts";
import { fullScales } from "./compensation.ts";
import { calibrate, simulate } from "./reference/simulate.ts";
import type { Trace } from "./trace.ts";

const PROMPTS = 4;
const STEPS = 3;
const { tokens, inputs, queries, classes } = tinyGeometry;
const ROWS = PROMPTS * tokens;

const input = (): SpikeTrain => packSpikes(tinyBits(STEPS, PROMPTS, 3), STEPS, ROWS, inputs);

interface Setting {
  model?: { neuron?: object; attention?: object; [field: string]: unknown };
  hardware?: object;
  arithmetic?: object;
}

/** Crossbars so small that every layer spans several, in blocks that end within words. */
const crossbar = { rows: 13, columns: 10 };

function chipOf({ model = {}, hardware = {}, arithmetic = {} }: Setting): Chip {
  const base = { kind: "spiking", normalisation: "none", width: 24, heads: 3, depth: 2, expansion: 2, steps: STEPS };
  const neuron = { threshold: 0.4, ...model.neuron };
  const attention = { scoreGain: 16, ...model.attention };
  const network = tinyNetwork(transformerSpec.parse({ ...base, ...model, neuron, attention }), 4);
  const spec = literalMachine({ crossbar, arithmetic, ...hardware });
  return calibrate(programChip(network, mapNetwork(network, spec), spec, stream(1)), input(), stream(2));
}

/**
 * The machine in 64-bit integers, from the equations of `hardware/integer-arithmetic.ts`. Row blocks and rows are summed last to first.
 * Attention is taken from the trace: its bits are those of `hardware/ssa-tile.ts` in any arithmetic.
 */
function integerModel(
  chip: Chip,
  random: number,
  trace: Trace,
): { trains: Record<string, number[]>; logits: number[] } {
  const { hardware, mapping, network } = chip;
  const { parameters } = network;
  const model = requireTransformer(network.model, "A test");
  const { fractionBits, ...bits } = hardware.arithmetic!;
  const { mode, bits: adcBits } = hardware.adc;
  const readings = readChip(chip, stream(random));
  const scales = fullScales(chip, readings);
  const one = 2 ** fractionBits;
  const nearest = (x: number): bigint => {
    const below = Math.floor(x);
    const up = x - below > 0.5 || (x - below === 0.5 && below % 2 !== 0);
    return BigInt(up ? below + 1 : below);
  };
  const clamp = (x: bigint, low: bigint, high: bigint) => (x < low ? low : x > high ? high : x);
  const register = (x: bigint, width: number) => clamp(x, -(1n << BigInt(width - 1)), (1n << BigInt(width - 1)) - 1n);
  const largest = mode === "pair" ? 2 ** adcBits! - 1 : 2 ** (adcBits! - 1) - 1;
  /** Nearest multiple of a code step, ties up. */
  const code = (current: bigint, lowest: number, stepBits: number) => {
    const rounded = (2n * current + (1n << BigInt(stepBits))) >> BigInt(stepBits + 1);
    return clamp(rounded, BigInt(lowest), BigInt(largest));
  };

  /** Thresholds of columns that take codes, by train. */
  const levels: Record<string, bigint[]> = {};
  /** The largest code, sixteen times, fills a membrane. */
  const finest = bits.membraneBits - 4 - Math.floor(Math.log2(largest) + 1);
  const linear = (name: string, spikes: number[], rows: number): bigint[] => {
    const layer = mapping.layers.find((one) => one.name === name)!;
    const taken = hardware.scaling === "threshold" && layer.rowBlocks === 1 && /qkv|up$/.test(name);
    const offsets = Array.from(parameters[`${name}.offset`].data, (offset) => nearest(offset * one));
    const out = new Array<bigint>(STEPS * rows * layer.outputs).fill(0n);
    for (const block of [...layer.blocks].reverse()) {
      const { plus, minus, columns, scales: weightScales } = readings[block.crossbar];
      const step = Math.fround(scales[block.crossbar] / largest);
      const units = (conductance: number, stepBits: number) => nearest((conductance * 2 ** stepBits) / step);
      /** Whether a difference of any rows, with half a step for rounding, is a number of 16 bits. */
      const fits = (stepBits: number) =>
        Array.from({ length: columns }, (_, c) => {
          let [up, down] = [0n, 0n];
          for (let r = 0; r < block.rows; r++) {
            const i = r * columns + c;
            const difference = units(plus[i], stepBits) - units(minus[i], stepBits);
            if (difference > 0n) up += difference;
            else down -= difference;
          }
          return up > down ? up : down;
        }).every((most) => 2n * most + (1n << BigInt(stepBits)) < 65_536n);
      let { stepBits } = hardware.arithmetic!;
      if (mode === "pair") stepBits = Math.min(stepBits, 15 - adcBits!);
      else while (!fits(stepBits)) stepBits--;
      for (let v = 0; v < STEPS * rows; v++) {
        for (let c = 0; c < columns; c++) {
          let [up, down] = [0n, 0n];
          for (let r = block.rows - 1; r >= 0; r--) {
            if (!spikes[v * layer.inputs + block.rowStart + r]) continue;
            up += units(plus[r * columns + c], stepBits);
            down += units(minus[r * columns + c], stepBits);
          }
          const local =
            mode === "pair" ? code(up, 0, stepBits) - code(down, 0, stepBits) : code(up - down, -largest, stepBits);
          const value = Math.fround(step / weightScales[c]);
          let factor = nearest(value * one);
          if (taken) {
            const n = block.columnStart + c;
            const at = (fraction: number) => ({
              level: Math.ceil((model.neuron.threshold * 2 ** fraction) / value),
              offset: Math.round((parameters[`${name}.offset`].data[n] * 2 ** fraction) / value),
              multiplier: fraction < 0 ? 0 : 2 ** fraction,
            });
            const quarter = 2 ** (bits.membraneBits - 3);
            const held = Array.from({ length: 40 }, (_, down) => at(finest - down)).find(
              ({ level, offset }) => level <= quarter && Math.abs(offset) <= quarter,
            )!;
            factor = BigInt(held.multiplier);
            offsets[n] = BigInt(held.offset);
            levels[layer.trainOut!] ??= [];
            levels[layer.trainOut!][n] = BigInt(held.level);
          }
          out[v * layer.outputs + block.columnStart + c] += local * factor;
        }
      }
    }
    return out.map((sum, i) => sum + offsets[i % layer.outputs]);
  };

  const leakOf = (population: string): bigint => {
    if (model.neuron.kind === "if") return 0n;
    if (model.neuron.kind === "lif") return BigInt(Math.log2(1 / model.neuron.beta));
    const leak = 1 / (1 + Math.exp(-parameters[`${population}.leak`].data[0]));
    const errors = Array.from({ length: 17 }, (_, k) => Math.abs(leak - 2 ** -k));
    return BigInt(errors.indexOf(Math.min(...errors)));
  };
  const common = BigInt(Math.ceil(model.neuron.threshold * one));
  const fire = (population: string, currents: bigint[]): number[] => {
    const leak = leakOf(population);
    const size = currents.length / STEPS;
    const membranes = new Array<bigint>(size).fill(0n);
    return currents.map((current, i) => {
      const v = register((membranes[i % size] >> leak) + current, bits.membraneBits);
      const own = levels[population];
      const threshold = own?.[i % own.length] ?? common;
      const fired = v >= threshold;
      membranes[i % size] = !fired ? v : model.neuron.reset === "hard" ? 0n : v - threshold;
      return Number(fired);
    });
  };

  const trains: Record<string, number[]> = {};
  const keep = (name: string, train: number[]) => {
    trains[name] = train;
    return train;
  };
  const given = (name: string) => Array.from(unpackSpikes(trace.rasters[name]));
  const held = (sums: bigint[]) => sums.map((sum) => register(sum, bits.streamBits));
  const join = (stream: bigint[], branch: bigint[]) =>
    held(branch.map((sum, i) => (model.residual === "none" ? 0n : stream[i]) + sum));

  let residual = linear("embed", keep("input", given("input")), ROWS);
  if (model.position === "learned") {
    const position = Array.from(parameters.position.data, (value) => nearest(value * one));
    residual = residual.map((sum, i) => sum + position[i % position.length]);
  }
  residual = held(residual);
  for (let i = 0; i < model.depth; i++) {
    const block = `blocks.${i}`;
    const read = keep(`${block}.input`, fire(`${block}.input`, residual));
    keep(`${block}.qkv`, fire(`${block}.qkv`, linear(`${block}.qkv`, read, ROWS)));
    const attention = keep(`${block}.attention`, given(`${block}.attention`));
    residual = join(
      residual,
      model.outputProjection
        ? linear(`${block}.projection`, attention, ROWS)
        : attention.map((spike) => BigInt(spike * one)),
    );
    const middle = keep(`${block}.middle`, fire(`${block}.middle`, residual));
    const hidden = fire(`${block}.hidden`, linear(`${block}.up`, middle, ROWS));
    residual = join(residual, linear(`${block}.down`, keep(`${block}.hidden`, hidden), ROWS));
  }
  const output = keep("output", fire("output", residual));
  const width = output.length / STEPS / ROWS;
  const read = Array.from({ length: STEPS * PROMPTS }, (_, group) =>
    [...queries].flatMap((token) =>
      output.slice((group * tokens + token) * width, (group * tokens + token + 1) * width),
    ),
  ).flat();
  const answers = linear("head", read, PROMPTS * queries.length);
  return { trains, logits: answers.map((sum) => Number(register(sum, bits.logitBits)) / one) };
}

test.each<Setting>([
  {},
  { arithmetic: { stepBits: 3, fractionBits: 4 } },
  { hardware: { adc: { mode: "differential" } }, arithmetic: { stepBits: 13 } },
  { arithmetic: { stepBits: 0 } },
  { arithmetic: { stepBits: 10, fractionBits: 11, factorBits: 16, offsetBits: 16, streamBits: 16, membraneBits: 16 } },
  { arithmetic: { streamBits: 8, membraneBits: 9, logitBits: 8 } },
  { hardware: { adc: { mode: "differential" } } },
  { hardware: { adc: { bits: 8, rangeQuantile: 0.9 } }, arithmetic: { stepBits: 7 } },
  { model: { outputProjection: false } },
  { model: { residual: "none", position: "learned" } },
  { model: { neuron: { reset: "soft", beta: 0.25 } } },
  { model: { neuron: { kind: "if" } }, arithmetic: { membraneBits: 9 } },
  // Leaks on both sides of 0.75, where the nearest shift changes.
  { model: { neuron: { kind: "plif", beta: 0.75 } } },
  { hardware: { readTime: 1e6, crossbar: { ...crossbar, wires: { lines: 1, columns: 1 } } } },
  { hardware: { scaling: "threshold", crossbar: { rows: 30, columns: 10 } } },
  { hardware: { scaling: "threshold", crossbar: { rows: 30 }, adc: { mode: "differential" } } },
  {
    model: { neuron: { kind: "if", reset: "soft" } },
    hardware: { scaling: "threshold", crossbar: { rows: 30 } },
    arithmetic: { membraneBits: 9, offsetBits: 16 },
  },
])("spikes and logits are those of an integer model: %j", (setting) => {
  const chip = chipOf(setting);
  const trace = simulate(chip, input(), stream(5), { rasters: PROMPTS });
  const { trains, logits } = integerModel(chip, 5, trace);
  for (const [name, train] of Object.entries(trains))
    expect([...unpackSpikes(trace.rasters[name])], name).toEqual(train);
  expect([...trace.stepLogits]).toEqual(logits);
  // The comparison is empty if the network is silent.
  for (const name of ["blocks.1.qkv", "blocks.1.hidden", "output"])
    expect(trace.densities[name], name).toBeGreaterThan(0);
});

test("narrow registers saturate, and the trace says where; recommended ones do not", () => {
  const narrow = simulate(chipOf({ arithmetic: { streamBits: 8, membraneBits: 9, logitBits: 8 } }), input(), stream(5));
  expect(Object.keys(narrow.saturated)).toContain("blocks.0.down");
  expect(Object.keys(narrow.saturated)).toContain("blocks.0.qkv");
  expect(Object.keys(narrow.saturated)).toContain("head");
  expect(simulate(chipOf({}), input(), stream(5)).saturated).toEqual({});
});

test.each([{}, { adc: { errors: { gainSpread: 0.1, offsetSpread: 0.5, outputNoise: 0.4 } } }])(
  "with a fine grid and many fraction bits the machine is that of floating point but for what rounds differently: %j",
  (hardware) => {
    const fine = {
      stepBits: 10,
      fractionBits: 11,
      factorBits: 16,
      offsetBits: 16,
      streamBits: 16,
      membraneBits: 16,
      logitBits: 16,
    };
    const whole = chipOf({ hardware, arithmetic: fine });
    const float: Chip = { ...whole, hardware: { ...whole.hardware, arithmetic: null } };
    const [a, b] = [whole, float].map((chip) => simulate(chip, input(), stream(5), { rasters: PROMPTS }));
    for (const [name, train] of Object.entries(a.rasters)) {
      const other = unpackSpikes(b.rasters[name]);
      const differ = unpackSpikes(train).reduce((sum, bit, i) => sum + Number(bit !== other[i]), 0);
      // A spike that differs early makes others differ. Trains of unrelated machines differ in a fifth of their bits.
      expect(differ / other.length, name).toBeLessThan(0.03);
    }
  },
);

test("a full scale is measured on currents before they are rounded", () => {
  const float = chipOf({ hardware: { arithmetic: null } });
  const embedding = float.mapping.layers[0].blocks.map(({ crossbar }) => crossbar);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 4, max: 8 }), (stepBits, fractionBits) => {
      const { ranges } = chipOf({ arithmetic: { stepBits, fractionBits } });
      // Later layers see what the machine's own codes make of it.
      for (const crossbar of embedding) expect(ranges![crossbar]).toBe(float.ranges![crossbar]);
    }),
    { numRuns: 4, seed: 1 },
  );
});

function messageOf(run: () => unknown): { path: string; message: string } {
  try {
    run();
  } catch (error) {
    if (isXpikeError(error)) return { path: error.path, message: error.message };
    throw error;
  }
  throw new Error("nothing was refused");
}

test("a format that overflows on the calibration prompts is refused with the arithmetic", () => {
  const { path, message } = messageOf(() => chipOf({ arithmetic: { streamBits: 8, overflow: "refuse" } }));
  expect(path).toBe("hardware.arithmetic.streamBits");
  expect(message).toMatch(
    /^\d+ of 1440 numbers of embed do not fit a stream of 8 bits, which holds -128 to 127 x 2\^-8, that is -0\.5 to 0\.49609375\./,
  );
  expect(() => chipOf({ arithmetic: { overflow: "refuse" } })).not.toThrow();
});

test.each<[Setting, string, RegExp]>([
  [
    { arithmetic: { factorBits: 2 } },
    "hardware.arithmetic.factorBits",
    /but 2 bits hold 0 to 3\. Use \d+ bits or more/,
  ],
  [
    { arithmetic: { offsetBits: 2 } },
    "hardware.arithmetic.offsetBits",
    /but 2 bits hold -2 to 1\. Use \d+ bits or more/,
  ],
  [
    { arithmetic: { membraneBits: 4 } },
    "hardware.arithmetic.membraneBits",
    /0\.4 is 103 x 2\^-8, but a membrane of 4 bits only reaches 7.* Use 8 bits/,
  ],
  [{ model: { neuron: { beta: 0.9 } } }, "model.neuron.beta", /leaks by a shift/],
  [{ model: { neuron: { kind: "alif" } } }, "model.neuron.kind", /one threshold for all steps.*arithmetic to null/],
  [{ hardware: { adc: { bits: null } } }, "hardware.arithmetic", /Integer arithmetic needs converter codes/],
])("a number that its register cannot hold is refused: %j", (setting, path, message) => {
  const error = messageOf(() => simulate(chipOf(setting), input(), stream(5)));
  expect(error.path).toBe(path);
  expect(error.message).toMatch(message);
});

test("a machine read at another age keeps its format", () => {
  const trace = simulate(chipAt(chipOf({}), 1e7), input(), stream(5));
  expect([...trace.stepLogits].every((logit) => Number.isInteger(logit * 2 ** 8))).toBe(true);
  expect(trace.stepLogits.length).toBe(STEPS * PROMPTS * queries.length * classes);
});
