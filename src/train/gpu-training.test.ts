import { expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { compose } from "../experiment/compose.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { requireGpuTraining } from "./gpu-training.ts";

test("a GPU refuses heads of more than 64 features on spikes, by the field, with the number that it takes", () => {
  const require = (model: object) => requireGpuTraining(tinyExperiment({ model: { kind: "spiking", ...model } }));
  expect(() => require({ width: 160, heads: 2 })).toThrow(
    expect.objectContaining({
      path: "model.heads",
      message:
        "A head has 80 features (width 160 / 2), but a GPU attends to at most 64. Use at least 3 heads, or the backend `wasm`.",
    }),
  );
  expect(() => require({ width: 128, heads: 2 })).not.toThrow();
  const operations = (heads: number) =>
    compose({ inputs: 6 }).linear("qkv", 480).neurons("bits").attention("wide", { heads }).readOut("head");
  const requireListed = (heads: number) =>
    requireGpuTraining(parseExperiment({ model: { kind: "graph", operations: operations(heads) } }));
  expect(() => requireListed(2)).toThrow(
    expect.objectContaining({ path: "model.operations.wide", message: expect.stringContaining("width 160 / 2") }),
  );
  expect(() => requireListed(4)).not.toThrow();
  expect(() => requireGpuTraining(tinyExperiment({ model: { kind: "ann", width: 160, heads: 2 } }))).not.toThrow();
});
