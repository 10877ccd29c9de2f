import { expect, test } from "vitest";
import { tinyNetwork } from "../../test/support/tiny-network.ts";
import { stemmed, tinyGrid, tinyStem } from "../../test/support/tiny-stem.ts";
import { transformerSpec } from "../experiment/model.ts";
import { networkForward } from "../model/forward.ts";
import { stream } from "../numeric/stream.ts";
import { findTensorMapping } from "./catalogue.ts";
import type { SourceTensor } from "./elements.ts";
import { exportNetwork } from "./export.ts";
import { importNetwork } from "./import.ts";

const tensor = (shape: number[], ...values: number[]): SourceTensor => ({
  type: "float32",
  shape,
  data: Float32Array.from(values),
});

test("a convolution of PyTorch, [outputs, channels, kernel, kernel], comes in as what it computes, its BatchNorm kept or folded", () => {
  const draws = stream(3);
  const numbers = (...shape: number[]): SourceTensor => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => draws.integer(17) / 8 - 1);
    return tensor(shape, ...values);
  };
  const [channels, outputs] = [2, 8];
  const norm = {
    weight: numbers(8),
    bias: numbers(8),
    running_mean: numbers(8),
    running_var: tensor([8], ...Array(8).fill(0.25)),
  };
  const weight = numbers(outputs, channels, 3, 3);
  for (const normalisation of ["batch", "none"]) {
    const model = transformerSpec.parse({ width: 8, heads: 1, depth: 1, stem: tinyStem, normalisation });
    const whole = tinyNetwork(model, 1, stemmed(tinyStem));
    const layers = exportNetwork(whole, findTensorMapping("xpikeformer", whole, null));
    const own = Object.entries(norm).map(([name, values]) => [`stem.0_norm.${name}`, values] as const);
    const entries = Object.entries(layers).filter(([name]) => !name.startsWith("stem.0"));
    const tensors = new Map<string, SourceTensor>([
      ...entries.map(([name, { shape, data }]) => [name, tensor([...shape], ...data)] as const),
      ["stem.0.weight", weight],
      ...own,
    ]);
    const mapping = findTensorMapping("xpikeformer", whole, new Set(tensors.keys()));
    const { network } = importNetwork(tensors, model, stemmed(tinyStem), mapping);
    const values = Float64Array.from({ length: 24 * channels }, () => draws.integer(2));
    const drawn = { mode: "eval", attention: "expected" } as const;
    const output = networkForward(network, { prompts: 1, values }, drawn).values.get("stem.0.currents")!;
    // nn.Conv2d with padding 1, then nn.BatchNorm2d, by their definitions.
    const pixel = (row: number, column: number, c: number) =>
      row < 0 || row >= tinyGrid.rows || column < 0 || column >= tinyGrid.columns
        ? 0
        : values[(row * tinyGrid.columns + column) * channels + c];
    output.forEach((current, i) => {
      const [n, y, x] = [
        i % outputs,
        Math.floor(i / outputs / tinyGrid.columns),
        Math.floor(i / outputs) % tinyGrid.columns,
      ];
      let sum = 0;
      for (let c = 0; c < channels; c++) {
        for (let place = 0; place < 9; place++) {
          sum +=
            weight.data[(n * channels + c) * 9 + place] * pixel(y + Math.floor(place / 3) - 1, x + (place % 3) - 1, c);
        }
      }
      const of = (values: SourceTensor) => Number(values.data[n]);
      const scale = of(norm.weight) / Math.sqrt(0.25 + 1e-5);
      expect(current).toBeCloseTo(scale * (sum - of(norm.running_mean)) + of(norm.bias), 5);
    });
  }
});
