/**
 * Noise on weights and on pre-activations for hardware-aware training, on a GPU: twin of `../assembly/noise.ts`, which has the equations.
 * Words come from a counter-based stream, so an element's noise does not depend on how the GPU divides the work, and the whole numbers
 * that noise is made of are those of WebAssembly.
 */
import { THREEFRY } from "../../webgpu/threefry.ts";
import type { NeuronOps } from "../ops.ts";
import type { TrainingOps } from "../training-ops.ts";
import { eachItem } from "./kernel.ts";
import type { Recorder } from "./recorder.ts";

const KEY = { key0: "u32", key1: "u32", counter: "u32" } as const;

const HALVES = `${THREEFRY}
/** Two integers uniform on 0 .. 65535, added and centred. */
fn halvesOf(word: u32) -> i32 { return i32((word & 0xffffu) + (word >> 16u)) - 65535; }
/** Close to a standard normal: four such integers; the factor is 1 / sqrt(4 (2^32 - 1) / 12). */
fn normalAt(at: u32) -> f32 {
  let block = threefry(vec2u(call.key0, call.key1), vec2u(at, call.counter));
  return 2.6428149e-5 * f32(halvesOf(block.x) + halvesOf(block.y));
}
`;

const NOISE = eachItem(
  "noise",
  { ...KEY, source: "place", columns: "u32", deviations: "place", result: "place" },
  `
  let spread = load(call.deviations + at % call.columns);
  store(call.result + at, load(call.source + at) + spread * normalAt(at));`,
  HALVES,
);

const DEVICE_NOISE = eachItem(
  "device noise",
  {
    ...KEY,
    source: "place",
    columns: "u32",
    stride: "u32",
    largest: "place",
    levels: "place",
    top: "u32",
    exact: "u32",
    result: "place",
  },
  `
  let column = at % call.columns;
  let place = at / call.columns * call.stride + column;
  let full = load(call.largest + column);
  let weight = load(call.source + place);
  var share = 0.0;
  if (full > 0.0) { share = min(abs(weight) / full, 1.0); }
  let position = share * f32(call.top);
  let level = u32(round(position));
  var size = load(call.levels + level);
  if (call.exact != 0u) {
    let below = min(u32(position), call.top - 1u);
    let mean = load(call.levels + below);
    size = mean + (position - f32(below)) * (load(call.levels + below + 1u) - mean);
  }
  let spread = load(call.levels + call.top + 1u + level);
  store(call.result + place, full * (select(size, -size, weight < 0.0) + spread * normalAt(at)));`,
  HALVES,
);

/** Triangular: two integers; the factor is 1 / sqrt(2 (2^32 - 1) / 12). */
const OUTPUT_NOISE = eachItem(
  "output noise",
  { ...KEY, columns: "u32", deviations: "place", result: "place" },
  `
  let block = threefry(vec2u(call.key0, call.key1), vec2u(at >> 1u, call.counter));
  let z = 3.7376247e-5 * f32(halvesOf(select(block.x, block.y, (at & 1u) != 0u)));
  store(call.result + at, load(call.result + at) + load(call.deviations + at % call.columns) * z);`,
  HALVES,
);

export type NoiseOps = Pick<TrainingOps, "addNoise" | "addDeviceNoise"> & Pick<NeuronOps, "addOutputNoise">;

export const noiseOps = ({ each }: Recorder): NoiseOps => ({
  addNoise: ({ source, rows, columns, deviations, key: [key0, key1], target }) =>
    each(NOISE, rows * columns, { key0, key1, counter: 0, source, columns, deviations, result: target }),
  addDeviceNoise: (of) => {
    const { source, rows, columns, stride, largest, levels, top, exact, counter, target } = of;
    const [key0, key1] = of.key;
    const devices = { largest, levels, top, exact: exact ? 1 : 0 };
    each(DEVICE_NOISE, rows * columns, {
      ...{ key0, key1, counter, source, columns, stride, result: target },
      ...devices,
    });
  },
  addOutputNoise: ({ target, rows, columns, deviations, key: [key0, key1], counter }) =>
    each(OUTPUT_NOISE, rows * columns, { key0, key1, counter, columns, deviations, result: target }),
});
