import { expect, test } from "vitest";
import { literalMachine } from "../../test/support/literal-machine.ts";
import { tinyBits, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { type SpikingSpec, transformerSpec } from "../experiment/model.ts";
import { createClockedLif } from "../hardware/clocked-lif.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import type { Network, Tensor } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { type Chip, programChip } from "../simulation/chip.ts";
import { calibrateFast } from "../simulation/fast/simulate.ts";
import { simulate } from "../simulation/reference/simulate.ts";
import { packSpikes, unpackSpikes } from "../spike/train.ts";
import { type LifRuns, lifBundle } from "./lif-bundle.ts";
import { networkLif } from "./lif-network.ts";

const { tokens, inputs } = tinyGeometry;
const STEPS = 3;
const input = packSpikes(tinyBits(STEPS, 1, 3), STEPS, tokens, inputs);
const QKV = "blocks.0.qkv";

function tinySpiking(neuron: object): Network<SpikingSpec> {
  const model = { kind: "spiking", normalisation: "none", width: 48, heads: 3, depth: 1, expansion: 2, steps: STEPS };
  return tinyNetwork(transformerSpec.parse({ ...model, neuron: { threshold: 0.4, ...neuron } }), 4);
}

function chipOf(hardware: object, network = tinySpiking({})): Chip {
  const spec = literalMachine(hardware);
  return calibrateFast(programChip(network, mapNetwork(network, spec), spec, stream(1)), input, stream(2));
}

/** Bits that the unit's registers give for the last `updates` updates. */
function lastBits({ parameters, pins }: LifRuns, updates: number): number[] {
  const unit = createClockedLif(parameters);
  const bits = [...pins].map((at) => unit.clock(at)).filter(({ valid }) => valid);
  return bits.slice(-updates).map(({ spike }) => Number(spike));
}

/** The simulators' bits in the units' order: units, then tokens, steps, and the unit's columns, those not there with 0. */
function unitOrder(fired: Uint8Array, outputs: number, group: number, units: number, columns: number): number[] {
  const bits: number[] = [];
  for (let start = 0; start < outputs; start += group) {
    const width = Math.min(group, outputs - start);
    for (let unit = 0; unit < Math.min(units, width); unit++) {
      for (let token = 0; token < tokens; token++) {
        for (let t = 0; t < STEPS; t++) {
          for (let m = 0; m < columns; m++) {
            const c = unit + m * units;
            bits.push(c < width ? fired[(t * tokens + token) * outputs + start + c] : 0);
          }
        }
      }
    }
  }
  return bits;
}

const firedBy = (chip: Chip) => unpackSpikes(simulate(chip, input, stream(5), { rasters: 1 }).rasters[QKV]);

test("the codes of a chip give its own spikes, except for the rounding of offsets, which is reported", () => {
  // 144 outputs: groups of 100 and 44 columns; 25 units of 4 columns, and 25 with 19 that have a second one.
  const chip = chipOf({ crossbar: { columns: 100 }, adc: { sharing: 4 } });
  const runs = networkLif(chip, input, stream(5)) as LifRuns;
  expect(runs.parameters).toMatchObject({ codeBits: 6, rowBlocks: 1, columns: 4, leakShift: 1, steps: STEPS });
  const expected = unitOrder(firedBy(chip), 144, 100, 25, 4);
  const bits = lastBits(runs, expected.length);
  const differ = bits.filter((bit, i) => bit !== expected[i]).length;
  expect(expected.filter(Boolean).length).toBeGreaterThan(100);
  expect(differ).toBeLessThan(expected.length / 50);
  expect(runs.origin).toContain(`of ${expected.length} updates, ${differ} give another bit`);
});

test("with offsets and thresholds that are whole code steps it gives the chip's spikes exactly, over row blocks too", () => {
  // All weights of one size and a fixed full scale give every crossbar the same step; 31 codes over 31 lines make it one weight.
  const network = tinySpiking({});
  const weight = network.parameters[`${QKV}.weight`];
  const even: Tensor = { ...weight, data: weight.data.map((w) => (w < 0 ? -0.125 : 0.125)) };
  const offset: Tensor = { shape: [144], data: Float32Array.from({ length: 144 }, (_, n) => ((n % 5) - 2) / 16) };
  const parameters = { ...network.parameters, [`${QKV}.weight`]: even, [`${QKV}.offset`]: offset };
  const model = { ...network.model, neuron: { ...network.model.neuron, threshold: 0.5 } };
  const hardware = { crossbar: { rows: 16, device: { kind: "ideal" } }, adc: { fullScale: 31 } };
  const chip = chipOf(hardware, { ...network, model, parameters });
  const runs = networkLif(chip, input, stream(5)) as LifRuns;
  expect(runs.parameters.rowBlocks).toBe(3);
  const expected = unitOrder(firedBy(chip), 144, 128, 16, 8);
  expect(expected.filter(Boolean).length).toBeGreaterThan(100);
  expect(lastBits(runs, expected.length)).toEqual(expected);
  expect(runs.origin).toContain(`of ${expected.length} updates, 0 give another bit`);
});

test("row blocks with different code steps are not added: the vectors are random, and say so", () => {
  const runs = networkLif(chipOf({ crossbar: { rows: 16 } }), input, stream(5)) as LifRuns;
  expect(runs.parameters.rowBlocks).toBe(3);
  expect(runs.origin).toMatch(
    /none of the network: the 3 row blocks of blocks.0.qkv have code steps of different worth/,
  );
  expect(lifBundle(runs).readme).toContain(runs.origin);
});

test("integrate-and-fire neurons use a unit with a leak of 1, without a shifter", () => {
  const [fire, leak] = [{ kind: "if" }, { beta: 1 }].map(
    (neuron) => networkLif(chipOf({}, tinySpiking(neuron)), input, stream(5)) as LifRuns,
  );
  expect(fire.parameters.leakShift).toBe(0);
  const bundle = lifBundle(fire);
  expect(bundle).toEqual(lifBundle(leak));
  expect(bundle.sources["lif_unit.sv"]).not.toContain(">>>");
});

test("a learned leak is the nearest shift of the unit", () => {
  const network = tinySpiking({ kind: "plif" });
  // sigmoid(-1) = 0.27 and sigmoid(1.5) = 0.82.
  const shifts = [-1, 1.5].map((leak) => {
    const tensor: Tensor = { shape: [1], data: Float32Array.of(leak) };
    const learned = { ...network, parameters: { ...network.parameters, [`${QKV}.leak`]: tensor } };
    return (networkLif(chipOf({}, learned), input, stream(5)) as LifRuns).parameters.leakShift;
  });
  expect(shifts).toEqual([2, 0]);
});

test.each([
  [{ adc: { bits: null } }, {}, /converters pass exact currents/],
  [
    { arithmetic: {}, readOut: { attentionInput: "charge" } },
    {},
    /is "charge", so columns of blocks.0.qkv fire themselves/,
  ],
  [{}, { reset: "soft" }, /reset by subtraction/],
  [{}, { kind: "if", reset: "soft" }, /reset by subtraction/],
  [{}, { beta: 0.9 }, /beta is 0.9, but the LIF unit leaks by a shift/],
  [{}, { threshold: 1000 }, /The threshold 1000 is/],
  [{}, { kind: "plif", reset: "soft" }, /reset by subtraction/],
  [{}, { kind: "alif" }, /model.neuron.kind is "alif".*Use "lif", "if" or "plif"/],
])("a chip of hardware %j and neurons %j has no such unit, and the reason is given", (hardware, neuron, reason) => {
  expect(networkLif(chipOf(hardware, tinySpiking(neuron)), input, stream(5))).toMatch(reason);
});
