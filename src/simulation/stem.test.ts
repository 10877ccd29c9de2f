// @module-tag slow
/** Chips of networks with a stem. */
import { describe, expect, test } from "vitest";
import { tinyNetwork } from "../../test/support/tiny-network.ts";
import { stemmed, stridingStem, tinyGrid, tinyStem } from "../../test/support/tiny-stem.ts";
import { ShapeError } from "../errors.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { type SpikingSpec, type StemSpec, stemSpec, transformerSpec } from "../experiment/model.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { foldNetwork } from "../model/fold.ts";
import { networkForward, spikeInput } from "../model/forward.ts";
import type { Network } from "../model/network.ts";
import { pixels } from "../model/stem.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes, type SpikeTrain, unpackSpikes } from "../spike/train.ts";
import { type Chip, programChip } from "./chip.ts";
import { simulatorSizes } from "./fast/plan.ts";
import { calibrateFast, simulateFast } from "./fast/simulate.ts";
import { calibrate, simulate } from "./reference/simulate.ts";

const INPUTS = 6;
const PIXELS = pixels(tinyGrid);
const STEPS = 2;

/** More than a word of channels, then windows that all are new. */
const wideStem = stemSpec.parse({ layers: [{ channels: 40, pool: 2 }, { channels: 8 }], embedding: { stride: 2 } });

function networkOf(stem: StemSpec, fields: object = {}): Network<SpikingSpec> {
  const neuron = { threshold: 0.4 };
  const size = { width: 16, heads: 2, depth: 1, expansion: 2, position: "learned", steps: STEPS, neuron, stem };
  return foldNetwork(tinyNetwork(transformerSpec.parse({ ...size, ...fields }), 4, stemmed(stem, INPUTS)));
}

function input(prompts: number, steps = STEPS): SpikeTrain {
  const draws = stream(3);
  const bits = Uint8Array.from({ length: steps * prompts * PIXELS * INPUTS }, () => (draws.uniform() < 0.4 ? 1 : 0));
  return packSpikes(bits, steps, prompts * PIXELS, INPUTS);
}

function chipOf(network: Network<SpikingSpec>, hardware: object): Chip {
  const spec = hardwareSpec.parse(hardware);
  return programChip(network, mapNetwork(network, spec), spec, stream(1));
}

const STEMS = { tinyStem, stridingStem, wideStem };
const small = { rows: 13, columns: 10 };
const erring = { gainSpread: 0.1, offsetSpread: 0.5, outputNoise: 0.4 };

describe.each(Object.entries(STEMS))("a chip of a network with %s", (_, stem) => {
  test.each([
    { inputStride: 1, linesPerInput: 1 },
    { inputStride: 3, linesPerInput: 1 },
    { inputStride: 2, linesPerInput: 4 },
  ])("that is exact fires as the digital network does, with lines as %j", (wiring) => {
    const network = networkOf(stem);
    // Multiples of 1/64: sums do not depend on their order.
    for (const { data } of Object.values(network.parameters)) {
      for (let i = 0; i < data.length; i++) data[i] = Math.round(data[i] * 64) / 64;
    }
    const crossbar = { ...small, ...wiring, conductanceBits: null, device: { kind: "ideal" } };
    const hardware = { arithmetic: null, crossbar, adc: { bits: null } };
    const { rasters, spikes } = simulate(chipOf(network, hardware), input(3), stream(9), { rasters: 3 });
    const digital = networkForward(network, spikeInput(input(3), PIXELS), { mode: "eval", attention: "expected" });
    const names = Object.keys(digital.trace).filter((name) => /^stem|blocks.0.(input|qkv)/.test(name));
    expect(names.length).toBe(stem.layers.length + 2);
    for (const name of names) {
      expect(unpackSpikes(rasters[name]), name).toEqual(digital.trace[name]);
      expect(spikes[name].ones, name).toBeGreaterThan(0);
    }
  });

  test.each([
    {},
    { arithmetic: null },
    { arithmetic: null, crossbar: small, adc: { rangeQuantile: 0.9, errors: erring } },
    { crossbar: small, adc: { mode: "differential", errors: erring }, order: "step-major" },
    { arithmetic: {}, crossbar: small, ssa: { random: "lfsr" } },
    { crossbar: { ...small, inputStride: 4 } },
    { crossbar: { ...small, linesPerInput: 3 } },
    { arithmetic: null, crossbar: { ...small, inputStride: 3, linesPerInput: 2 }, adc: { errors: erring } },
  ])("has the same trace in the fast simulator, bit for bit: %j", (hardware) => {
    const chip = calibrate(chipOf(networkOf(stem), hardware), input(3), stream(2));
    const options = { firstPrompt: 6, rasters: 2 };
    const slow = simulate(chip, input(3), stream(5), options);
    const fast = simulateFast(chip, input(3), stream(5), options);
    for (const name of Object.keys(slow.rasters)) expect(fast.rasters[name], name).toEqual(slow.rasters[name]);
    expect(fast).toEqual(slow);
    for (const name of ["stem.0.map", "embed.windows", "output"]) expect(slow.densities[name], name).toBeGreaterThan(0);
  });

  test.each([{ inputStride: 1 }, { inputStride: 3 }, { inputStride: 5, linesPerInput: 3 }])(
    "is calibrated alike by both simulators, with lines as %j",
    (wiring) => {
      const chip = chipOf(networkOf(stem), { crossbar: { ...small, ...wiring } });
      // 25 prompts of 24 windows and 2 steps are 1200 vectors, of which 1024 at most are looked at.
      expect(calibrateFast(chip, input(25), stream(2)).ranges).toEqual(calibrate(chip, input(25), stream(2)).ranges);
    },
  );

  test("has room for all lines of the vectors used to measure ranges", () => {
    const [one, many] = [1, 16].map((linesPerInput) =>
      simulatorSizes(chipOf(networkOf(stem), { crossbar: { ...small, linesPerInput } }), { maxPrompts: 1 }),
    );
    const words = Math.ceil((16 * stem.layers[0].kernel ** 2 * INPUTS) / 32);
    expect(many.scratch).toBeGreaterThan(1024 * 4 * words);
    expect(one.scratch).toBeLessThan(many.scratch);
  });

  test("answers a prompt the same in any batch", () => {
    const chip = calibrate(chipOf(networkOf(stem), { crossbar: small }), input(3), stream(2));
    const whole = simulateFast(chip, input(3), stream(5));
    const bits = unpackSpikes(input(3)).filter((_, i) => Math.floor(i / (PIXELS * INPUTS)) % 3 === 1);
    const alone = simulateFast(chip, packSpikes(bits, STEPS, PIXELS, INPUTS), stream(5), { firstPrompt: 1 });
    expect(alone.logits).toEqual(whole.logits.slice(3, 6));
  });
});

test("an input of tokens instead of pixels is refused", () => {
  const chip = chipOf(networkOf(tinyStem), { adc: { fullScale: 4 } });
  const tokens = packSpikes(new Uint8Array(STEPS * 6 * INPUTS), STEPS, 6, INPUTS);
  expect(() => simulate(chip, tokens, stream(1))).toThrow(ShapeError);
  expect(() => simulate(chip, tokens, stream(1))).toThrow(
    "rows of 6 lines, 24 rows to a prompt, but the input has 6 rows",
  );
});
