// @module-tag slow
/** Chips of networks with the stem of the Spike-driven Transformer: pooled currents, a way around the embedding, the mean of the stream. */
import { describe, expect, test } from "vitest";
import { tinyNetwork } from "../../test/support/tiny-network.ts";
import { MappingError } from "../errors.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { type SpikingSpec, transformerSpec } from "../experiment/model.ts";
import { ACTION_NAMES } from "../hardware/actions.ts";
import { countActions } from "../machine/counts.ts";
import { machineOf } from "../machine/machine.ts";
import { machineNetwork } from "../machine/network.ts";
import { scheduleOf } from "../machine/schedule.ts";
import { bitsOf } from "../machine/transfers.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { foldNetwork } from "../model/fold.ts";
import { networkForward, spikeInput } from "../model/forward.ts";
import type { Network } from "../model/network.ts";
import { stemGeometry } from "../model/stem.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes, unpackSpikes } from "../spike/train.ts";
import { type Chip, programChip } from "./chip.ts";
import { simulateFast } from "./fast/simulate.ts";
import { calibrate, simulate } from "./reference/simulate.ts";

const [STEPS, PROMPTS, INPUTS] = [2, 3, 6];
const GRID = { rows: 4, columns: 8 };
const PIXELS = 32;
const task = { inputs: INPUTS, tokens: 1, classes: 3, mask: Uint8Array.of(1), queries: Int32Array.of(0) };

function networkOf(fields: object = {}, readOut: "mean" | "stream-mean" = "stream-mean"): Network<SpikingSpec> {
  const stem = {
    layers: [
      { channels: 8, poolWindow: 3 },
      { channels: 16, pool: 2, poolWindow: 3, poolOf: "currents" },
    ],
    embedding: { shortcut: true },
  };
  const size = { width: 16, heads: 2, depth: 1, expansion: 2, position: "learned", steps: STEPS };
  const model = transformerSpec.parse({ ...size, neuron: { threshold: 0.4 }, stem, ...fields });
  const geometry = stemGeometry(model.stem!, { ...task, readOut }, GRID);
  return foldNetwork(tinyNetwork(model, 4, geometry));
}

const input = () => {
  const draws = stream(3);
  const bits = Uint8Array.from({ length: STEPS * PROMPTS * PIXELS * INPUTS }, () => (draws.uniform() < 0.4 ? 1 : 0));
  return packSpikes(bits, STEPS, PROMPTS * PIXELS, INPUTS);
};

function chipOf(network: Network<SpikingSpec>, hardware: object): Chip {
  const spec = hardwareSpec.parse(hardware);
  return programChip(network, mapNetwork(network, spec), spec, stream(1));
}

const small = { rows: 13, columns: 10 };

test("an exact chip fires as the digital network does, up to attention", () => {
  const network = networkOf();
  // Multiples of 1/64: sums do not depend on their order.
  for (const { data } of Object.values(network.parameters)) {
    for (let i = 0; i < data.length; i++) data[i] = Math.round(data[i] * 64) / 64;
  }
  const crossbar = { ...small, conductanceBits: null, device: { kind: "ideal" } };
  const chip = chipOf(network, { arithmetic: null, crossbar, adc: { bits: null } });
  const { rasters } = simulate(chip, input(), stream(9), { rasters: PROMPTS });
  const { trace } = networkForward(network, spikeInput(input(), PIXELS), { mode: "eval", attention: "expected" });
  for (const name of ["stem.0.map", "stem.1.map", "blocks.0.input", "blocks.0.qkv"]) {
    expect(unpackSpikes(rasters[name]), name).toEqual(trace[name]);
    expect(trace[name].includes(1), name).toBe(true);
  }
  expect(rasters.output.rows).toBe(PROMPTS);
});

describe.each([
  {},
  { arithmetic: null },
  { crossbar: small, adc: { errors: { gainSpread: 0.1, offsetSpread: 0.5, outputNoise: 0.4 } }, order: "step-major" },
])("on %j", (hardware) => {
  const network = networkOf();
  const chip = calibrate(chipOf(network, hardware), input(), stream(2));
  const trace = simulate(chip, input(), stream(5), { firstPrompt: 6, rasters: 2 });

  test("the fast simulator has the same trace, bit for bit", () => {
    const fast = simulateFast(chip, input(), stream(5), { firstPrompt: 6, rasters: 2 });
    for (const name of Object.keys(trace.rasters)) expect(fast.rasters[name], name).toEqual(trace.rasters[name]);
    expect(fast).toEqual(trace);
    for (const name of ["stem.1.map", "output"]) expect(trace.densities[name], name).toBeGreaterThan(0);
  });

  test("what it counts is what the machine counts and moves", () => {
    const described = machineNetwork(network.model, network.geometry);
    const machine = machineOf(chip.hardware, described);
    const density = (name: string) => trace.densities[name] ?? 0;
    const block = { qkv: 0, projection: 0, up: 0, down: 0, query: 0, key: 0, value: 0, scores: 0, coincidences: 0 };
    const counted = countActions(machine, {
      blocks: [block],
      stemDensities: [density("stem.0.windows"), density("stem.1.windows")],
      inputDensity: density("embed.windows"),
      headDensity: density("output"),
    });
    // What depends on spikes in blocks is compared elsewhere.
    const names = ACTION_NAMES.filter((name) => !/lineDrives|cellReads|counterIncrements|random|lfsr/i.test(name));
    for (const { name, kind } of counted) {
      if (kind === "attention") continue;
      const simulated = trace.operations.find((operation) => operation.name === name);
      const { actions } = counted.find((operation) => operation.name === name)!;
      for (const action of names) {
        expect(simulated!.actions[action] / PROMPTS, `${name} ${action}`).toBeCloseTo(actions[action], 6);
      }
    }
    const { units } = scheduleOf(machine).alone;
    const moved = (way: "read" | "write", buffer: "stream" | "membranes" | "spikes") =>
      units.reduce((sum, { transfers }) => sum + bitsOf(transfers, way, buffer), 0);
    const total = (action: (typeof ACTION_NAMES)[number]) =>
      trace.operations.reduce((sum, { actions }) => sum + actions[action], 0) / PROMPTS;
    expect(moved("read", "stream") / machine.words.stream).toBe(total("streamReads"));
    expect(moved("write", "stream") / machine.words.stream).toBe(total("streamWrites"));
    expect(moved("write", "membranes") / machine.words.membrane).toBe(total("membraneWrites"));
  });
});

describe("refuses", () => {
  const failing = (network: () => Network<SpikingSpec>, hardware: object) => () =>
    mapNetwork(network(), hardwareSpec.parse(hardware));

  test("a mean of sums, which no bits make up", () => {
    const spikes = () => networkOf({ residual: "spikes", depth: 2 });
    expect(failing(spikes, {})).toThrow(MappingError);
    expect(failing(spikes, {})).toThrow("head reads output, which are no whole numbers. Set task.readOut to `mean`");
  });

  test("sums of spikes where no codes can be added up", () => {
    const fields = { residual: "spikes", depth: 1, stem: { layers: [] } };
    const one = () => networkOf(fields, "mean");
    const charge = { readOut: { attentionInput: "charge" } };
    expect(failing(one, charge)).not.toThrow();
    const two = () => networkOf({ ...fields, depth: 2 }, "mean");
    expect(failing(two, charge)).toThrow("blocks.1.qkv reads sums of spikes, 3 times for each vector");
    expect(failing(two, { ...charge, crossbar: { integers: "bit-serial" } })).toThrow("2 times for each vector");
  });

  test("whole numbers where a mean is no shift", () => {
    const geometry = stemGeometry(
      { layers: [], embedding: { kernel: 3, stride: 1 } },
      { ...task, readOut: "stream-mean" },
      { rows: 2, columns: 3 },
    );
    const model = transformerSpec.parse({ width: 16, heads: 2, depth: 1, normalisation: "none", stem: { layers: [] } });
    const six = () => tinyNetwork(model, 4, geometry);
    expect(failing(six, {})).toThrow("over 6 tokens is a shift only for");
    expect(failing(six, { arithmetic: null })).not.toThrow();
  });
});
