import { expect, test } from "vitest";
import { type MachineSetting, tinyChip } from "../../../test/support/tiny-machine.ts";
import { MappingError } from "../../errors.ts";
import { requireTransformer } from "../../experiment/model.ts";
import type { MappedNetwork } from "../chip.ts";
import { gpuPrompts } from "./sizes.ts";
import { requireGpuChip } from "./supported.ts";

function errorOf(run: () => void): MappingError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(MappingError);
    return error as MappingError;
  }
  throw new Error("Nothing was refused");
}

const erring = { gainSpread: 0.1, offsetSpread: 0.5, outputNoise: 0.4 };
const stem = (layer: object, embedding = {}) => ({
  model: { stem: { layers: [{ channels: 24, kernel: 3, pool: 2, ...layer }], embedding } },
});

test.each<[MachineSetting, string]>([
  [{ hardware: { arithmetic: null as unknown as object } }, "hardware.arithmetic"],
  [{ hardware: { adc: { errors: erring } } }, "hardware.adc.errors"],
  [{ hardware: { ssa: { lfsr: { sharing: "row" } } } }, "hardware.ssa"],
  [{ hardware: { ssa: { tileTokens: 4 } } }, "hardware.ssa"],
  [{ model: { attention: { kind: "sdsa-1" } } }, "model.attention.kind"],
  [{ model: { attention: { kind: "none" } } }, "model.attention.kind"],
  [stem({ poolOf: "currents" }), "model.operations.stem.0.pooled"],
])("%j is refused at %s, with a way out", (setting, field) => {
  const { path, message } = errorOf(() => requireGpuChip(tinyChip(setting)));
  expect(path).toBe(field);
  expect(message).toMatch(/^A GPU does not simulate this chip .* or use the backend `wasm`, which does\.$/);
});

test("columns that decide by their charge are refused at their field", () => {
  const chip = tinyChip();
  const [first, second, ...rest] = chip.mapping.layers;
  const readOut = { ...second.readOut, kind: "charge" } as typeof second.readOut;
  const decided: MappedNetwork = {
    ...chip,
    mapping: { ...chip.mapping, layers: [first, { ...second, readOut }, ...rest] },
  };
  expect(second.attention).toBe("blocks.0.attention");
  expect(errorOf(() => requireGpuChip(decided)).path).toBe("hardware.readOut.attentionInput");
});

test("a slice has as many prompts as fit the GPU's largest array", () => {
  const chip = tinyChip({ hardware: { crossbar: { rows: 128, columns: 128 } } });
  const { steps, width, expansion } = requireTransformer(chip.network.model, "A test");
  // The largest array holds q, k and v before their neurons, or the hidden layer: 4 bytes for each of 3 steps x 5 tokens x 3 x 24.
  const bytes = 4 * steps * 5 * Math.max(3, expansion) * width;
  const gpu = (largestArray: number) => ({ name: "a GPU of the test", largestArray });
  expect(gpuPrompts(gpu(2 ** 30), chip, 32)).toBe(32);
  expect(gpuPrompts(gpu(32 * bytes), chip, 32)).toBe(32);
  expect(gpuPrompts(gpu(32 * bytes - 4), chip, 32)).toBe(16);
  expect(gpuPrompts(gpu(9 * bytes), chip, 32)).toBe(8);
});

test("a layer or a prompt that is larger than the GPU's largest array is refused with both sizes", () => {
  const { path, message } = errorOf(() => gpuPrompts({ name: "a small GPU", largestArray: 1024 }, tinyChip(), 32));
  expect(path).toBe("backend");
  expect(message).toMatch(/: \d+ KiB of .+ for a single prompt, but a small GPU binds at most 1 KiB at a time/);
});
