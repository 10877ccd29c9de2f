/** Networks composed in code: their lists build the graphs that the types foresee, and both refuse the same. The compiler checks types. */
import { describe, expect, expectTypeOf, test } from "vitest";
import { meanGeometry } from "../../test/support/tiny-network.ts";
import { tinyGrid } from "../../test/support/tiny-stem.ts";
import type { Geometry } from "../model/geometry.ts";
import type { Graph } from "../model/graph.ts";
import { listedGeometry } from "../model/listed.ts";
import { graphOf } from "../model/transformer.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { ATTENTION_PARTS } from "./by-attention.ts";
import { type Composed, type ComposedDomain, type ComposedRows, compose, type OperationDocument } from "./compose.ts";
import type { ExperimentDocument } from "./experiment.ts";
import { graphSpec } from "./model.ts";
import { parseExperiment } from "./parse.ts";

type Any = Composed<ComposedDomain, number, ComposedRows>;

const images = (patch: number) => ({ kind: "image-classification", data: "fashion-mnist-slice", patch }) as const;
const link = { transmitAntennas: 1, receiveAntennas: 1, coding: "thermometer" } as const;

/** The graph of a network for the task of an experiment, as training builds it. */
function graphFor(task: ExperimentDocument["task"], operations: OperationDocument[]): Graph {
  const experiment = parseExperiment({ task: task!, model: { kind: "graph", operations } });
  return graphOf({ model: experiment.model, geometry: networkGeometry(experiment, createTask(experiment)) });
}

/** What the graph knows of a composed value. */
const valueIn = ({ values }: Graph, { name }: Any) => values.get(`${name}.currents`) ?? values.get(name)!;

describe("a composed network builds", () => {
  test("with two layers, 784-256-10", () => {
    const hidden = compose({ inputs: 784 }).linear("hidden", 256);
    const operations = hidden.neurons("spikes").readOut();
    expect(operations).toEqual([
      { kind: "linear", name: "hidden", reads: "input", features: 256 },
      { kind: "neurons", name: "spikes", reads: "hidden" },
      { kind: "read-out", name: "head", reads: "spikes" },
    ]);
    const graph = graphFor(images(28), operations);
    expect(graph.values.get("input")).toMatchObject({ rows: 1, features: 784 });
    expect(valueIn(graph, hidden)).toMatchObject({ rows: 1, features: 256 });
    expect(graph.values.get("logits")).toMatchObject({ features: 10 });
  });

  test("with convolutions and pools", () => {
    const first = compose({ inputs: 1, rows: "map" }).convolution("first", 8, { kernel: 5, stride: 2 });
    const small = first.neurons("edges").pool("smaller");
    const second = small.convolution("second", 16, { gain: 0.5 }).pool("smallest", { poolWindow: 3 });
    const graph = graphFor(images(1), second.neurons("parts").readOut("answer"));
    expect(valueIn(graph, first)).toMatchObject({ grid: { rows: 14, columns: 14 }, features: 8 });
    expect(valueIn(graph, small)).toMatchObject({ grid: { rows: 7, columns: 7 }, features: 8 });
    expect(valueIn(graph, second)).toMatchObject({ grid: { rows: 4, columns: 4 }, features: 16 });
    expectTypeOf(second).toEqualTypeOf<Composed<"currents", 16, "map">>();
  });

  test("with a block without attention, of any width", () => {
    const block = <F extends number>(name: string, stream: Composed<"currents", F, "tokens">) => {
      const hidden = stream
        .neurons(`${name}.in`)
        .linear(`${name}.up`, 2 * stream.features)
        .neurons(`${name}.hidden`);
      return stream.add(`${name}.out`, hidden.linear(`${name}.down`, stream.features, { gain: 0.5 }));
    };
    const embedded = compose({ inputs: 6 }).linear("embed", 16).position("placed");
    const stream = block("b", block("a", embedded));
    expectTypeOf(stream).toEqualTypeOf<Composed<"currents", 16, "tokens">>();
    const operations = stream.neurons("last").readOut();
    expect(operations.map(({ name }) => name)).toEqual(
      "embed placed a.in a.up a.hidden a.down a.out b.in b.up b.hidden b.down b.out last head".split(" "),
    );
    expect(valueIn(graphFor(link, operations), stream)).toMatchObject({ features: 16, domain: { kind: "real" } });
  });

  test("with two attentions of different width, and the mean over its tokens", () => {
    const embedded = compose({ inputs: 196 }).linear("embed", 24);
    const narrow = embedded.neurons("qkv").attention("narrow", { heads: 2, attention: { kind: "lif" } });
    const stream = embedded.add("stream", narrow.linear("back", 24));
    const pair = stream.neurons("in").linear("qk", 48).neurons("bits");
    const wide = pair.attention("wide", { heads: 3, attention: { kind: "qk-token" } });
    const mean = wide.linear("out", 8).tokenMean("mean");
    const task = { ...images(14), readOut: "stream-mean" } as const;
    const graph = graphFor(task, mean.neurons("last").readOut());
    expectTypeOf(narrow).toEqualTypeOf<Composed<"spikes", 8, "tokens">>();
    expectTypeOf(wide).toEqualTypeOf<Composed<"spikes", 24, "tokens">>();
    expectTypeOf(mean).toEqualTypeOf<Composed<"currents", 8, "mean">>();
    const read: readonly Any[] = [embedded, narrow, stream, pair, wide, mean];
    expect(read.map((value) => valueIn(graph, value).features)).toEqual(read.map(({ features }) => features));
    expect(read.map((value) => valueIn(graph, value).rows)).toEqual([4, 4, 4, 4, 4, 1]);
  });
});

test("branches that share their beginning list it once, in the order of composing, and what leads elsewhere is left out", () => {
  const shared = compose({ inputs: 6 }).linear("embed", 16).neurons("both");
  const left = shared.linear("left", 8);
  shared.linear("unused", 8);
  const right = shared.linear("right", 8);
  const operations = right.add("sum", left).neurons("out").readOut();
  expect(operations.map(({ name }) => name)).toEqual(["embed", "both", "left", "right", "sum", "out", "head"]);
  expect(operations[4]).toEqual({ kind: "add", name: "sum", reads: ["right", "left"] });
  expect(graphFor(link, operations).operations.length).toBeGreaterThan(operations.length);
});

test.each(Object.entries(ATTENTION_PARTS))(
  "attention of kind %s has the features that the graph gives it",
  (kind, parts) => {
    const attention = { kind: kind as keyof typeof ATTENTION_PARTS };
    const mixed = compose({ inputs: 6 })
      .linear("embed", 48 as number)
      .neurons("bits")
      .attention("mix", { heads: 1, attention: attention as { kind: "none" } });
    const graph = graphFor(link, mixed.readOut());
    expect(mixed.features).toBe(48 / parts.length);
    expect(valueIn(graph, mixed).features).toBe(mixed.features);
  },
);

test("parts of literal features are counted by the compiler", () => {
  const bits = <const F extends number>(features: F) => compose({ inputs: features });
  expectTypeOf(bits(24).attention("a").features).toEqualTypeOf<8>();
  expectTypeOf(bits(192).attention("a").features).toEqualTypeOf<64>();
  expectTypeOf(bits(3000).attention("a").features).toEqualTypeOf<1000>();
  expectTypeOf(bits(12_288).attention("a", { heads: 8 }).features).toEqualTypeOf<4096>();
  expectTypeOf(bits(16_384).attention("a", { attention: { kind: "qk-channel" } }).features).toEqualTypeOf<8192>();
  expectTypeOf(bits(208).attention("a", { attention: { kind: "qk-token", scale: 2 } }).features).toEqualTypeOf<104>();
  expectTypeOf(bits(200).attention("a", { attention: { kind: "none" } }).features).toEqualTypeOf<200>();
  expectTypeOf(bits(8 as number).attention("a").features).toEqualTypeOf<number>();
  // @ts-expect-error: 3 does not divide 200
  expect(bits(200).attention("a").features).toBeCloseTo(66.667, 3);
  // @ts-expect-error: 2 does not divide 201
  expect(bits(201).attention("a", { attention: { kind: "qk-token" } }).features).toBe(100.5);
});

describe("what the types refuse, the graph refuses", () => {
  const input = compose({ inputs: 6 });
  const currents = input.linear("currents", 24);
  const spikes = currents.neurons("spikes");
  const sums = spikes.add("sums", input.linear("more", 24).neurons("others"));
  const map = compose({ inputs: 2, rows: "map" }).convolution("map", 24).neurons("pixels");

  const narrow = input.linear("narrow", 16);
  const uneven = input.linear("uneven", 32).neurons("bits");
  const mean = narrow.tokenMean("mean");

  /** Ends a network, whatever it is. */
  const end = (value: object) => (value as Composed<"spikes", number, "tokens">).readOut();

  test.each<[string, () => OperationDocument[], RegExp]>([
    // @ts-expect-error
    ["neurons on spikes", () => end(spikes.neurons("wrong")), /takes currents/],
    // @ts-expect-error
    ["neurons on sums", () => end(sums.neurons("wrong")), /takes currents/],
    // @ts-expect-error
    ["positions on spikes", () => end(spikes.position("wrong")), /takes currents/],
    // @ts-expect-error
    ["the mean of spikes", () => end(spikes.tokenMean("wrong")), /takes currents/],
    // @ts-expect-error
    ["a layer on currents", () => end(currents.linear("wrong", 8)), /takes spikes/],
    // @ts-expect-error
    ["a head on currents", () => currents.readOut(), /takes spikes/],
    // @ts-expect-error
    ["attention on currents", () => end(currents.attention("wrong")), /takes spikes/],
    // @ts-expect-error
    ["attention on sums", () => end(sums.attention("wrong")), /whole numbers up to 2, but it takes bits/],
    // @ts-expect-error
    ["attention on parts that are not whole", () => end(uneven.attention("wrong")), /10.667 of each/],
    // @ts-expect-error
    ["a sum of 24 and 16", () => end(currents.add("wrong", narrow).neurons("b")), /reads 24 features/],
    // @ts-expect-error
    ["a sum of 16 and 24", () => end(narrow.add("wrong", currents).neurons("b")), /reads 16 features/],
    // @ts-expect-error
    ["a convolution of tokens", () => end(spikes.convolution("wrong", 8)), /needs neighbouring pixels/],
    // @ts-expect-error
    ["a pool of tokens", () => end(spikes.pool("wrong")), /needs neighbouring pixels/],
    // @ts-expect-error
    ["a pool behind attention", () => end(map.attention("mix", { heads: 1 }).pool("wrong")), /rows of mix are tokens/],
    // @ts-expect-error
    ["a field of another operation", () => end(spikes.linear("wrong", 8, { kernel: 3 }).neurons("b")), /kernel/],
  ])("%s", (_, composed, message) => {
    expect(() => build(composed())).toThrow(message);
  });

  test("and more: what a graph could compute, but is hardly meant", () => {
    const one = mean.neurons("one");
    const takers: readonly (() => object)[] = [
      // @ts-expect-error: spikes are added to spikes
      () => currents.add("wrong", spikes),
      // @ts-expect-error: currents are added to currents
      () => spikes.add("wrong", currents),
      // @ts-expect-error: the features of a map are those of a pixel
      () => compose({ inputs: 6, rows: "map" }).add("wrong", input),
      // @ts-expect-error: one row has none to attend to
      () => one.linear("vectors", 24).neurons("bits").attention("wrong", { heads: 1 }),
      // @ts-expect-error: it is the mean already
      () => mean.tokenMean("wrong"),
    ];
    for (const take of takers) expect(take()).toMatchObject({ name: "wrong" });
  });

  test("but not a value of which less is known", () => {
    const known: Composed<"spikes" | "sums", number, "tokens" | "map"> = map;
    expectTypeOf(known.linear("last", 8)).toEqualTypeOf<Composed<"currents", 8, "tokens" | "map">>();
    expectTypeOf(sums.add("all", spikes)).toEqualTypeOf<Composed<"sums", 24, "tokens">>();
  });
});

/** Builds the graph of a list on the mean over tiny tokens, or over a tiny map if it has one. */
function build(operations: OperationDocument[]): Graph {
  const model = graphSpec.parse({ kind: "graph", operations });
  const isMap = operations.some(({ name }) => name === "map");
  const geometry: Geometry = { ...meanGeometry, inputs: isMap ? 2 : 6, readOut: "stream-mean" };
  return graphOf({ model, geometry: listedGeometry(model, geometry, isMap ? tinyGrid : undefined) });
}
