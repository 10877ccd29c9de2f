import { expect, test } from "vitest";
import { ShapeError } from "../errors.ts";
import { transformerSpec } from "../experiment/model.ts";
import { operationsOf } from "../model/graph.ts";
import { graphOf } from "../model/transformer.ts";
import { packSpikes } from "../spike/train.ts";
import { attentionMaps } from "./attention-map.ts";

test("two tokens and two heads, by hand", () => {
  const model = transformerSpec.parse({ width: 8, heads: 2, attention: { scoreGain: 2 } });
  const geometry = { inputs: 1, tokens: 2, classes: 2, mask: Uint8Array.of(1, 1, 0, 1), queries: Int32Array.of(1) };
  const [attention] = operationsOf(graphOf({ model, geometry }), "attention");
  // q and k of each token, a head after the other; v is not looked at.
  const v = [1, 1, 1, 1, 1, 1, 1, 1];
  const rows = [
    ...[1, 1, 0, 0, 0, 0, 0, 1, /**/ 1, 0, 0, 0, 0, 0, 0, 1, ...v],
    ...[1, 1, 1, 1, 0, 0, 0, 0, /**/ 1, 1, 1, 0, 0, 0, 0, 0, ...v],
  ];
  const [map] = attentionMaps(attention, packSpikes(rows, 1, 2, 24))!;
  // Token 0 meets itself in 1 of 4 features in either head (2 x 1 / 4 each) and token 1 in 2 (2 x 2 / 4 = 1) and 0; token 1 may not
  // look at token 0, and meets itself in 3 (2 x 3 / 4, at most 1) and 0. Mean over 2 heads and 2 query tokens.
  expect([...map]).toEqual([(0.5 + 0.5) / 4, (1 + 0 + 1 + 0) / 4]);
  expect(() => attentionMaps(attention, packSpikes(rows, 1, 4, 12))).toThrow(ShapeError);
});
