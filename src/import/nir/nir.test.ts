import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as hdf5 from "h5wasm";
import { describe, expect, test } from "vitest";
import { attend } from "../../../test/support/attend.ts";
import { tinyNetwork } from "../../../test/support/tiny-network.ts";
import { stemmed, tinyStem } from "../../../test/support/tiny-stem.ts";
import { type ModelSpec, modelSpec, type TransformerSpec } from "../../experiment/model.ts";
import { foldNetwork } from "../../model/fold.ts";
import { drawBlocks, networkForward } from "../../model/forward.ts";
import { inputRows } from "../../model/geometry.ts";
import type { Network } from "../../model/network.ts";
import { stream } from "../../numeric/stream.ts";
import { decodeNir, encodeNir, type NirGraph, type NirLeaf } from "./graph.ts";
import { networkFromNir, networkToNir } from "./network.ts";
import { outputOf, runNir } from "./run.ts";
import { text } from "./tree.ts";
import type { NirSignal } from "./windows.ts";

const golden = (name: string) => new Uint8Array(readFileSync(join(import.meta.dirname, "../../../test/golden", name)));
const answers = JSON.parse(new TextDecoder().decode(golden("nir.json"))) as Record<
  "cnn" | "branches",
  { input: number[]; output: number[] }
>;
const read = async (name: string) => (await decodeNir(golden(`nir-${name}.nir`), hdf5, `nir-${name}.nir`)).graph;
const signal = (shape: number[], values: readonly number[]) => ({
  steps: values.length / shape.reduce((a, b) => a * b, 1),
  shape,
  values: Float64Array.from(values),
});
const messageOf = async (run: () => unknown): Promise<string> => {
  try {
    await run();
    return "accepted";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("graphs of NIR's own writer", () => {
  test.each(["lif", "cnn", "branches", "recurrent"])("are written back unchanged: %s", async (name) => {
    const file = await decodeNir(golden(`nir-${name}.nir`), hdf5);
    const again = await decodeNir(await encodeNir(file.graph, hdf5, file.version), hdf5);
    expect(again).toStrictEqual(file);
    expect(file.version).toBe("1.0.8");
  });

  test("keep types, shapes, order of edges and nested metadata", async () => {
    const cnn = await read("cnn");
    expect(cnn.edges[0]).toEqual(["11", "output"]);
    const { fields } = cnn.nodes.get("2") as NirLeaf;
    expect(fields.get("weight")?.shape).toEqual([4, 4, 3, 3]);
    expect(fields.get("groups")).toEqual({ shape: [], values: BigInt64Array.of(1n) });
    expect((cnn.nodes.get("5") as NirLeaf).fields.get("padding")).toEqual(text("same"));
    expect((await read("lif")).metadata?.get("data")).toEqual({ shape: [3], values: BigInt64Array.of(1n, 2n, 3n) });
    expect((await read("branches")).nodes.get("inner")?.metadata?.get("note")).toEqual(text("a graph inside"));
  });

  test("fire when the LIF neuron of NIR's paper does", async () => {
    // Its figure of one neuron: impulses at these milliseconds; its exact solution, Norse, snnTorch and Nengo fire at 46, 51, 71 and 76 ms.
    const impulses = [6, 22, 27, 31, 32, 35, 37, 40, 41, ...upTo(43, 53), ...upTo(67, 78), 84, 85];
    const values = new Float64Array(1000);
    for (const at of impulses) values[10 * at] = 1;
    const graph = await read("lif");
    const { values: spikes } = outputOf(graph, runNir(graph, { steps: 1000, shape: [1], values }));
    expect([...spikes.keys()].filter((step) => spikes[step] === 1)).toEqual([460, 510, 710, 760]);
  });

  test("run as a plain numpy program does: convolutions, pools and neurons", async () => {
    const graph = await read("cnn");
    const { input, output } = answers.cnn;
    expect([...outputOf(graph, runNir(graph, signal([2, 12, 12], input))).values]).toEqual(output);
  });

  test("run as a plain numpy program does: branches that meet, a graph inside, integrators", async () => {
    const graph = await read("branches");
    const { input, output } = answers.branches;
    expect([...outputOf(graph, runNir(graph, signal([2], input))).values]).toEqual(output);
  });

  test("are refused by the names of a cycle or of a node that cannot run", async () => {
    const graph = await read("recurrent");
    expect(await messageOf(() => runNir(graph, signal([2], [1, 1])))).toBe(
      'The graph is recurrent: "lif" -> "w_rec" -> "lif". Only feed-forward graphs are run and imported.',
    );
    const forward = { ...graph, edges: graph.edges.filter(([from]) => from !== "w_rec") };
    expect(await messageOf(() => runNir(forward, signal([2], [1, 1])))).toMatch(
      /^The node "lif" is a CubaLIF, which is not run: /,
    );
  });
});

const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe("a LIF node, by hand", () => {
  const node = (fields: Record<string, number>, type: "LIF" | "IF" = "LIF"): NirGraph => ({
    type: "NIRGraph",
    nodes: new Map<string, NirLeaf>([
      ["in", { type: "Input", fields: new Map([["shape", { shape: [1], values: BigInt64Array.of(1n) }]]) }],
      [
        "lif",
        {
          type,
          fields: new Map(
            Object.entries(fields).map(([name, value]) => [name, { shape: [1], values: Float64Array.of(value) }]),
          ),
        },
      ],
      ["out", { type: "Output", fields: new Map() }],
    ]),
    edges: [
      ["in", "lif"],
      ["lif", "out"],
    ],
  });
  const lif = node({ tau: 2, r: 2, v_leak: 0, v_threshold: 1, v_reset: 0.25 });
  const currents = [0.5, 0.75, 0.5, 1, 0];
  const run = (options: Parameters<typeof runNir>[2]) => [
    ...outputOf(lif, runNir(lif, signal([1], currents), { timeStep: 1, ...options })).values,
  ];

  test("fires above the threshold and resets to v_reset", () => {
    // 0.5 | 0.25 + 0.75 = 1 | 0.5 + 0.5 = 1 | 0.5 + 1 = 1.5 fires, 0.25 | 0.125
    expect(run({})).toEqual([0, 0, 0, 1, 0]);
  });

  test("fires at the threshold and subtracts it where the rules say so", () => {
    // 0.5 | 1 fires, 0.25 | 0.125 + 0.5 | 0.3125 + 1 = 1.3125 fires
    expect(run({ fires: ">=" })).toEqual([0, 1, 0, 1, 0]);
    // 0.5 | 1 | 1 | 1.5 fires, 0.5 | 0.25
    expect(run({ reset: "soft" })).toEqual([0, 0, 0, 1, 0]);
  });

  test.each([
    ["IF", { r: 1, v_threshold: 1, v_reset: 0 }],
    ["LIF", { tau: 2, r: 2, v_leak: 0, v_threshold: 1, v_reset: 0 }],
  ] as const)(
    "does not stay silent for lack of a time step without a note: an %s that counts steps, as sinabs writes it",
    (type, fields) => {
      const graph = node(fields, type);
      const input = signal([1], [1.5, 0.75, 1.5, 0.75, 1.5]);
      const notes: string[] = [];
      const spikesOf = (options: Parameters<typeof runNir>[2]) => [
        ...outputOf(graph, runNir(graph, input, { ...options, onNote: (note) => notes.push(note) })).values,
      ];
      expect(spikesOf({})).toEqual([0, 0, 0, 0, 0]);
      expect(notes).toEqual([
        expect.stringMatching(/^The neurons of "lif" \((IF|LIF)\) never fire\..* pass \{ timeStep: 1 \}\.$/),
      ]);
      expect(spikesOf({ timeStep: 1 }).some((spike) => spike === 1)).toBe(true);
      expect(spikesOf({ timeStep: 1e-4 })).toEqual([0, 0, 0, 0, 0]);
      runNir(graph, signal([1], [0, 0]), { onNote: (note) => notes.push(note) });
      expect(notes).toHaveLength(1);
    },
  );

  test("takes the step, the reset and the comparison from the metadata", () => {
    const ruled = {
      ...lif,
      metadata: new Map([
        ["time_step", { shape: [], values: Float64Array.of(1) }],
        ["fires", text(">=")],
      ]),
    };
    expect([...outputOf(ruled, runNir(ruled, signal([1], currents))).values]).toEqual([0, 1, 0, 1, 0]);
    const wrong = { ...lif, metadata: new Map([["reset", text("later")]]) };
    expect(() => runNir(wrong, signal([1], currents))).toThrow(
      'The graph\'s reset is "later", not hard or soft. Give it as an option.',
    );
  });
});

describe("our networks as graphs", () => {
  const base = { kind: "spiking", width: 8, heads: 2, depth: 2, expansion: 2, steps: 3, normalisation: "none" };
  const models: Record<string, Record<string, unknown>> = {
    "LIF attention and learned positions": { attention: { kind: "lif" }, position: "learned" },
    "stochastic attention and BatchNorm": { normalisation: "batch" },
    "soft reset, no leak, no projection, no shortcut": {
      neuron: { kind: "if", reset: "soft", threshold: 0.75 },
      outputProjection: false,
      residual: "none",
    },
    "Q-K channel attention, which has no v": { attention: { kind: "qk-channel" } },
    "a stem with pooling": { stem: tinyStem, attention: { kind: "lif" } },
  };
  const networkOf = (fields: Record<string, unknown>) => {
    const model = modelSpec.parse({ ...base, ...fields }) as TransformerSpec;
    return (
      model.stem ? tinyNetwork(model, 3, stemmed(model.stem)) : tinyNetwork(model, 3)
    ) as Network<TransformerSpec>;
  };

  test.each(Object.entries(models))(
    "compute the same logits at every step, and come back bit for bit: %s",
    async (_, fields) => {
      const network = foldNetwork(networkOf(fields)) as Network<TransformerSpec>;
      const { model, geometry } = network;
      const graph = (await decodeNir(await encodeNir(networkToNir(networkOf(fields)), hdf5), hdf5)).graph;
      expect(networkFromNir(graph)).toStrictEqual({ network, hardware: null });

      const rows = inputRows(geometry);
      const draw = stream(7);
      const steps = 4;
      const values = Float64Array.from({ length: steps * rows * geometry.inputs }, () => Number(draw.uniform() < 0.5));
      const sizes = { steps, prompts: 1 };
      const drawn = drawBlocks(network, sizes, stream(9));
      const wanted = networkForward(network, { ...sizes, values }, { mode: "eval", ...(drawn && { draws: drawn }) });
      const subgraphs = Object.fromEntries(
        Array.from({ length: model.depth }, (_, i) => [
          `blocks.${i}.attention`,
          (qkv: NirSignal) => {
            const rows = turned(qkv.values, steps, qkv.shape[0], geometry.tokens);
            const { output } = attend(network, i, rows, sizes, drawn?.[i] ?? null);
            return {
              steps,
              shape: [model.width, geometry.tokens],
              values: turned(output, steps, geometry.tokens, model.width),
            };
          },
        ]),
      );
      const input = {
        steps,
        shape: geometry.grid
          ? [geometry.inputs, geometry.grid.rows, geometry.grid.columns]
          : [geometry.inputs, geometry.tokens],
        values: turned(values, steps, rows, geometry.inputs),
      };
      const signals = runNir(graph, input, { subgraphs });
      for (const name of [...graph.nodes.keys()].filter(
        (name) => name.startsWith("blocks.") && name.endsWith(".neurons"),
      )) {
        const bits = turned(signals.get(name)!.values, steps, signals.get(name)!.shape[0], geometry.tokens);
        expect([...bits], name).toEqual([...wanted.trace[name.slice(0, -".neurons".length)]]);
      }
      const given = signals.get("logits")!;
      const logits = turned(given.values, steps, given.shape[0], geometry.tokens);
      const total = new Float64Array(wanted.logits.length);
      const read = geometry.readOut === "mean" ? upTo(0, geometry.tokens - 1) : [...geometry.queries];
      const classes = given.shape[0];
      for (let t = 0; t < steps; t++) {
        read.forEach((token, q) => {
          for (let c = 0; c < classes; c++) {
            const answer = geometry.readOut === "mean" ? 0 : q;
            const terms = steps * (geometry.readOut === "mean" ? read.length : 1);
            total[answer * classes + c] += logits[(t * geometry.tokens + token) * classes + c] / terms;
          }
        });
      }
      // Sums of up to 200 terms below 10 in another order: 200 roundings of 1e-15.
      expect(Math.max(...total.map((x, i) => Math.abs(x - wanted.logits[i])))).toBeLessThan(1e-12);
      expect(Object.values(wanted.trace).some((bits) => bits.includes(1))).toBe(true);
    },
  );

  test("keep the chip in their metadata, and name attention", async () => {
    const hardware = { chips: 3 } as never;
    const graph = networkToNir(networkOf({}), { hardware });
    expect(networkFromNir(graph).hardware).toBe('{"chips":3}');
    const { inputs, tokens } = networkOf({}).geometry;
    const silent = signal(
      [inputs, tokens],
      Array.from({ length: inputs * tokens }, () => 0),
    );
    expect(await messageOf(() => runNir(graph, silent))).toMatch(
      /^The subgraph "blocks\.0\.attention" stands for attention .*stochastic/,
    );
  });

  test("are refused where NIR has no node for them, or where someone changed them", async () => {
    const ann = tinyNetwork(
      modelSpec.parse({ kind: "ann", width: 8, heads: 2, depth: 1, expansion: 2 }) as ModelSpec,
      1,
    );
    expect(await messageOf(() => networkToNir(ann))).toMatch(/^NIR has no node for softmax, GELU or LayerNorm/);
    const graph = networkToNir(networkOf({}));
    const without = { ...graph, edges: graph.edges.slice(1) };
    expect(await messageOf(() => networkFromNir(without))).toMatch(/^The edges are not those of the model/);
    const neurons = graph.nodes.get("output.neurons") as NirLeaf;
    const slower = new Map([...neurons.fields, ["tau", { shape: [8], values: new Float64Array(8).fill(1) }]]);
    const changed = { ...graph, nodes: new Map([...graph.nodes, ["output.neurons", { ...neurons, fields: slower }]]) };
    expect(await messageOf(() => networkFromNir(changed))).toMatch(/^The tau of output\.neurons is not what the model/);
    expect(await messageOf(async () => networkFromNir(await read("cnn")))).toMatch(
      /^The graph can be run \(`runNir`\), but it is no network of this program/,
    );
  });
});

/** `[steps][rows][columns]` as `[steps][columns][rows]`. */
function turned(values: Float64Array, steps: number, rows: number, columns: number): Float64Array {
  const result = new Float64Array(values.length);
  for (let t = 0; t < steps; t++) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) result[(t * columns + c) * rows + r] = values[(t * rows + r) * columns + c];
    }
  }
  return result;
}
