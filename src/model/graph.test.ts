/** Graphs are checked where they are made: every error names the operation, and says what to do. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tinyGeometry } from "../../test/support/tiny-network.ts";
import { transformerSpec } from "../experiment/model.ts";
import { graphOfOperations, INPUT, readersOf, readsOf, writerOf } from "./graph.ts";
import type { LinearOperation } from "./linear.ts";
import { BITS } from "./operation.ts";
import type { Operation } from "./operations.ts";
import { graphOf } from "./transformer.ts";

const input = { rows: 3, features: 8, domain: BITS };

const layer = (name: string, from: string, inputs: number, outputs: number): LinearOperation => ({
  ...{ kind: "linear", name, reads: [from], writes: name, block: null },
  ...{ inputs, outputs, scale: 1, hasOffset: true, widths: null },
});
const add = (name: string, a: string, b: string): Operation => ({
  ...{ kind: "add", name, reads: [a, b], writes: name, block: null },
});

describe("a graph is refused, at the operation,", () => {
  const refused: [string, Operation[], string][] = [
    [
      "for a shape that does not fit",
      [layer("first", INPUT, 8, 4), layer("second", "first", 5, 2)],
      "The linear second reads 5 features, but first has 4. Give both the same number.",
    ],
    [
      "for a sum of unlike rows",
      [layer("first", INPUT, 8, 4), add("sum", "first", INPUT)],
      "The add sum reads 4 features, but input has 8. Give both the same number.",
    ],
    [
      "for a cycle",
      [add("sum", INPUT, "later"), layer("later", "sum", 8, 8)],
      "The add sum reads later, which later writes only afterwards. A graph has no cycles: list later before sum.",
    ],
    [
      "for an unknown value",
      [layer("first", "inputs", 8, 4)],
      "The linear first reads inputs, but no operation writes it. Values are `input` and what operations write.",
    ],
    [
      "for a value that nobody reads",
      [layer("first", INPUT, 8, 4), layer("second", INPUT, 8, 2)],
      "Nobody reads first, which the linear first writes. Read it in a later operation, or leave first out.",
    ],
    [
      "for a value that is written twice",
      [layer("first", INPUT, 8, 8), layer("first", "first", 8, 8)],
      "The linear first writes first, which exists already. Give its result a name of its own.",
    ],
  ];
  test.each(refused)("%s", (_, operations, message) => {
    const at = message.split(" ")[message.startsWith("Nobody") ? 6 : 2];
    expect(() => graphOfOperations(input, operations)).toThrow(
      expect.objectContaining({ path: `model.operations.${at}`, message }),
    );
  });
});

test("each value but the answer of a transformer's graph has a writer before its readers, whatever the model", () => {
  const models = fc.record({
    depth: fc.integer({ min: 1, max: 3 }),
    residual: fc.constantFrom("membrane" as const, "none" as const, "spikes" as const),
    outputProjection: fc.boolean(),
    normalisation: fc.constantFrom("batch" as const, "none" as const),
    position: fc.constantFrom("learned" as const, "none" as const),
  });
  fc.assert(
    fc.property(models, (fields) => {
      const model = transformerSpec.parse({ width: 8, heads: 2, expansion: 2, steps: 2, ...fields });
      const graph = graphOf({ model, geometry: tinyGeometry });
      const order = new Map(graph.operations.map((operation, i) => [operation, i]));
      for (const operation of graph.operations) {
        for (const { name } of readsOf(graph, operation)) {
          const writer = writerOf(graph, name);
          expect(writer === null ? name === INPUT : order.get(writer)! < order.get(operation)!).toBe(true);
          expect(readersOf(graph, name)).toContain(operation);
        }
      }
    }),
  );
});
