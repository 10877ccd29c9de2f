import { describe, expect, test } from "vitest";
import { expectClose, normals } from "../../test/support/gradient.ts";
import { tinyGeometry } from "../../test/support/tiny-network.ts";
import { stemmed, tinyStem } from "../../test/support/tiny-stem.ts";
import { type AnnSpec, annSpec, type BitWidth } from "../experiment/model.ts";
import { stream } from "../numeric/stream.ts";
import { codesOf } from "./bit-widths.ts";
import { centralDifferences } from "./finite-difference.ts";
import { initialise, type Tensor } from "./network.ts";
import { backThroughRounding, binaryWeights, passParameters, roundedWeights, weightsBackward } from "./quantization.ts";
import { type Rounding, roundingBackward, roundingForward } from "./rounding.ts";
import { widthsByLayer } from "./transformer.ts";

const WIDTHS: readonly BitWidth[] = [8, 4, 2, "ternary", "binary"];

describe("rounding", () => {
  test.each([
    [8, 256, -128, 127],
    [4, 16, -8, 7],
    [2, 4, -2, 1],
    ["ternary", 3, -1, 1],
    ["binary", 2, 0, 1],
  ] as const)("to %s has %i values", (width, count, least, most) => {
    const rounding = { ...codesOf(width), columns: 1, steps: [0.5], shifts: [0.25] };
    const x = Float64Array.from({ length: 40001 }, (_, i) => (i - 20000) / 100);
    const values = new Set(roundingForward(x, rounding));
    expect(values.size).toBe(count);
    expect([Math.min(...values), Math.max(...values)]).toEqual([0.25 + least / 2, 0.25 + most / 2]);
  });

  test("goes to the nearest code, to the even one in the middle, column group by column group, by hand", () => {
    const rounding: Rounding = { low: -2, high: 1, columns: 4, steps: [1, 10], shifts: [0, 3] };
    // Codes of the first group: .5 -> 0, -1.6 -> -2; of the second: (18 - 3) / 10 = 1.5 -> 2, above 1; (-2 - 3) / 10 = -.5 -> 0.
    const x = Float64Array.of(0.5, -1.6, 18, -2, 7, -7, 4, -100);
    expect([...roundingForward(x, rounding)]).toEqual([0, -2, 13, 3, 1, -2, 3, -17]);
  });

  test.each(WIDTHS)("with %s has the gradient of the same function with what rounding added held constant", (width) => {
    const count = 60;
    const { low, high } = codesOf(width);
    const [x, d] = [normals(count, 1, (high - low + 1) / 4), normals(count, 2)];
    const [steps, shifts] = [Float64Array.of(0.4, 0.7, 0.3), Float64Array.of(0.2, -0.1, 0)];
    const rounding = { low, high, columns: 6, steps, shifts };
    const group = (i: number) => Math.floor((i % 6) / 2);
    const scaled = (i: number) => (x[i] - shifts[group(i)]) / steps[group(i)];
    const outputs = roundingForward(x, rounding);
    const added = x.map((_, i) => (outputs[i] - shifts[group(i)]) / steps[group(i)] - scaled(i));
    const within = Array.from(x, (_, i) => scaled(i) >= low && scaled(i) <= high);
    expect(new Set(within).size).toBe(2);
    const loss = () =>
      x.reduce((sum, _, i) => {
        const code = within[i] ? scaled(i) + added[i] : scaled(i) < low ? low : high;
        return sum + d[i] * (steps[group(i)] * code + shifts[group(i)]);
      }, 0);
    // Exact but for rounding, which is about 1e-15 times the loss, up to 5,000, over h.
    const bound = { absolute: 1e-6 };
    const gradient = roundingBackward(d, x, rounding);
    expectClose(gradient.input, centralDifferences(loss, x, 1e-5), bound, "x");
    expectClose(gradient.steps, centralDifferences(loss, steps, 1e-5), bound, "step");
    expectClose(gradient.shifts, centralDifferences(loss, shifts, 1e-5), bound, "shift");
  });
});

describe("weights", () => {
  const weights = Float32Array.from(normals(40, 3));

  test("are rounded with the step of their column", () => {
    const steps = Float32Array.of(0.25, 0.5, 1, 2);
    const rounded = roundedWeights(weights, steps, codesOf(4));
    const expected = roundingForward(Float64Array.from(weights), {
      ...{ ...codesOf(4), columns: 4, steps, shifts: [0, 0, 0, 0] },
    });
    expect([...rounded]).toEqual([...expected]);
    // Rounding again changes nothing.
    expect(roundedWeights(rounded, steps, codesOf(4))).toEqual(rounded);
  });

  test("have the gradients of values, and of the logarithm of a step scaled by 1 / sqrt(rows high), by hand", () => {
    // One column of two rows, step .5, codes -2 to 1: v = .8 and -3, so q = 1 and -2.
    const gradient = Float64Array.of(10, 100);
    const logarithms = weightsBackward(Float32Array.of(0.4, -1.5), Float32Array.of(0.5), codesOf(2), gradient);
    expect([...gradient]).toEqual([10, 0]);
    // 10 (1 - .8) - 100 x 2 = -198; .4 is 2.4e-8 off in single precision.
    expect(logarithms[0]).toBeCloseTo((-198 * 0.5) / Math.sqrt(2), 5);
  });

  test("that are binary have two values in a column, with the mean of |w|, by hand", () => {
    const binary = binaryWeights(Float32Array.of(1, -2, -3, 0, 5, -1), 2);
    // Columns 1, -3, 5 and -2, 0, -1: means 3 and 1.
    expect([...binary]).toEqual([3, -1, -3, 1, 3, -1]);
  });
});

describe("a network with few bits", () => {
  const model = annSpec.parse({
    ...{ kind: "ann", width: 8, heads: 2, depth: 1, expansion: 2 },
    quantization: { weights: "binary", activations: 2 },
  });

  test("has 8 bits in its first layer and its head, and at least 4 in q, k and v", () => {
    const widthsOf = (layer: string, of: AnnSpec = model, geometry = tinyGeometry) =>
      widthsByLayer({ model: of, geometry })?.get(layer);
    expect(widthsOf("embed")).toEqual({ weights: 8, activations: 8, attention: null });
    expect(widthsOf("head")).toEqual({ weights: 8, activations: 8, attention: null });
    expect(widthsOf("blocks.0.up")).toEqual({ weights: "binary", activations: 2, attention: null });
    expect(widthsOf("blocks.0.qkv")).toEqual({ weights: "binary", activations: 2, attention: 4 });
    const withStem = { ...model, stem: tinyStem };
    expect(widthsOf("stem.0", withStem, stemmed(tinyStem))?.weights).toBe(8);
    expect(widthsOf("embed", withStem, stemmed(tinyStem))?.weights).toBe("binary");
    expect(widthsByLayer({ model: { ...model, quantization: undefined }, geometry: tinyGeometry })).toBeNull();
  });

  test("passes see rounded weights and steps; everything else is as stored", () => {
    const network = initialise(model, tinyGeometry, stream(1));
    const parameters: Record<string, Tensor> = { ...network.parameters };
    parameters["head.weightLogStep"].data.fill(Math.log(0.125));
    const seen = passParameters({ ...network, parameters });
    expect(Object.keys(seen)).toEqual(Object.keys(parameters));
    for (const w of seen["head.weight"].data) expect(8 * w).toBe(Math.round(8 * w));
    for (const step of seen["head.weightLogStep"].data) expect(step).toBeCloseTo(0.125, 6);
    const columns = new Set(Array.from(seen["blocks.0.up.weight"].data, (w, i) => `${i % 16}: ${w}`));
    expect(columns.size).toBe(2 * 16);
    expect(seen["norm.gain"]).toEqual(parameters["norm.gain"]);
    const exact = { ...model, quantization: undefined };
    expect(passParameters({ ...network, model: exact, parameters })).toBe(parameters);
  });

  test("scales the gradients of activations' steps by step / sqrt(features high), by hand", () => {
    const network = initialise(model, tinyGeometry, stream(1));
    const gradients = Object.fromEntries(
      Object.entries(network.parameters).map(([name, { data }]) => [name, new Float64Array(data.length).fill(1)]),
    );
    network.parameters["blocks.0.down.inputLogStep"].data[0] = Math.log(2);
    network.parameters["blocks.0.qkv.outputLogStep"].data[1] = Math.log(3);
    backThroughRounding(network, gradients);
    // 16 features and codes up to 1; 8 features of k and codes up to 7.
    expect(gradients["blocks.0.down.inputLogStep"][0]).toBeCloseTo(2 / 4, 6);
    expect(gradients["blocks.0.qkv.outputLogStep"][1]).toBeCloseTo(3 / Math.sqrt(8 * 7), 6);
    expect(gradients["blocks.0.down.inputShift"][0]).toBe(1);
    expect(gradients["blocks.0.down.weight"][0]).toBe(1);
  });
});
