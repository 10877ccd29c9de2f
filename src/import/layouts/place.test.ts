import { expect, test } from "vitest";
import type { SourceTensor } from "../elements.ts";
import { placeTensors, prefixIn } from "./place.ts";

test.each([1, 8, 12, 48, 1024])("a file of %d blocks has a place for every tensor", (depth) => {
  const tensor: SourceTensor = { type: "float32", shape: [2, 3], data: new Float32Array(6) };
  const names = Array.from({ length: depth }, (_, block) => `net.blocks.${block}.weight`);
  const tensors = new Map(names.map((name) => [name, tensor]));
  const shapes = new Map(names.map((name) => [name, tensor.shape]));
  const prefix = prefixIn({ anchor: "blocks.0.weight" }, shapes)!;
  const { sizes, placed } = placeTensors(tensors, { required: { "blocks.{i}.weight": "D,E" } }, prefix, "own");
  expect([sizes.depth, sizes.size("D"), sizes.size("E"), placed.size]).toEqual([depth, 2, 3, depth]);
});
