// @module-tag slow
/** The traffic of the edge's testbench reaches every point, whatever the length of a prompt, which sets how long its phases are apart. */
import { expect, test } from "vitest";
import { madeInTests, tinyMachine } from "../../../test/support/tiny-machine.ts";
import { stream } from "../../numeric/stream.ts";
import { machineFacts } from "../axi/register-map.ts";
import { edgePlays } from "./edge.ts";

test.each([
  [1, 10],
  [2, 300],
  [3, 784],
  [2, 1568],
])("with seed %i, of prompts of %i vectors", (seed, vectors) => {
  const { design } = tinyMachine({ steps: 2, model: { width: 8, heads: 2, depth: 1 } }, 1);
  const facts = { ...machineFacts(design, madeInTests), vectors, answers: 1 };
  const { lines, points } = edgePlays(facts, stream(seed).fork("edge")).edge;
  const reached = new Set(lines.flatMap((line) => line.reached));
  const wanted = Object.keys(points).filter((point) => points[point] === null);
  expect(wanted.filter((point) => !reached.has(point))).toEqual([]);
});
