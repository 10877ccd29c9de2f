/** Small networks that list their operations. */
import { type GraphSpec, graphSpec } from "../../src/experiment/model.ts";
import type { Geometry } from "../../src/model/geometry.ts";
import { listedGeometry } from "../../src/model/listed.ts";
import type { Network } from "../../src/model/network.ts";
import { meanGeometry, tinyNetwork } from "./tiny-network.ts";
import { tinyGrid } from "./tiny-stem.ts";

const linear = (name: string, features: number, more: object = {}) => ({ kind: "linear", name, features, ...more });
const neurons = (name: string, more: object = {}) => ({ kind: "neurons", name, ...more });
const add = (name: string, ...reads: string[]) => ({ kind: "add", name, reads });
const head = { kind: "read-out", name: "head" };

/** Forms that no transformer of an experiment has: name, operations, and the task of those on maps. */
export const LISTED_FORMS: readonly [string, readonly object[], Geometry?][] = [
  ["three layers without attention", [linear("a", 40), neurons("b"), linear("c", 16), neurons("d"), head]],
  [
    "attention of two kinds and widths, the second on part of a stream",
    [
      linear("embed", 24),
      neurons("qkv"),
      { kind: "attention", name: "narrow", heads: 2, attention: { kind: "lif" } },
      linear("back", 24, { gain: 0.5 }),
      add("stream", "embed", "back"),
      neurons("wide.in"),
      linear("wide.qkv", 48),
      neurons("wide.bits"),
      { kind: "attention", name: "wide", heads: 4, attention: { kind: "spikformer", scale: 2 } },
      head,
    ],
  ],
  [
    "two branches from one layer's spikes, which meet again",
    [
      linear("embed", 16),
      neurons("both"),
      linear("left", 8),
      linear("right", 8, { reads: "both" }),
      add("sum", "left", "right"),
      { kind: "position", name: "placed" },
      neurons("out"),
      head,
    ],
  ],
  [
    "layers on sums of spikes",
    [
      linear("embed", 8),
      neurons("one"),
      linear("branch", 8),
      neurons("two"),
      add("sum", "one", "two"),
      linear("more", 8),
      neurons("three"),
      add("all", "sum", "three"),
      head,
    ],
  ],
  [
    "convolutions and pools of a map, without attention",
    [
      { kind: "convolution", name: "first", channels: 8 },
      neurons("spikes"),
      { kind: "pool", name: "smaller" },
      { kind: "convolution", name: "second", channels: 16, kernel: 1 },
      neurons("more"),
      head,
    ],
    { ...meanGeometry, inputs: 2 },
  ],
  [
    "convolutions and a pool of sums of spikes",
    [
      { kind: "convolution", name: "first", channels: 8 },
      neurons("one"),
      { kind: "convolution", name: "second", channels: 8 },
      neurons("two"),
      add("both", "one", "two"),
      { kind: "convolution", name: "third", channels: 8 },
      neurons("three"),
      add("three.sum", "both", "three"),
      { kind: "pool", name: "smaller" },
      { kind: "convolution", name: "fourth", channels: 16, stride: 2 },
      neurons("more"),
      head,
    ],
    { ...meanGeometry, inputs: 2 },
  ],
  [
    "attention between pixels, and a shortcut around a convolution",
    [
      { kind: "convolution", name: "first", channels: 24, stride: 2 },
      neurons("spikes"),
      { kind: "convolution", name: "second", channels: 24 },
      add("stream", "first", "second"),
      neurons("bits"),
      { kind: "attention", name: "mix", heads: 2, attention: { kind: "sdsa-3", scale: 0.5 } },
      linear("last", 8),
      neurons("end"),
      head,
    ],
    { ...meanGeometry, inputs: 2 },
  ],
];

/** A small network of these operations; `fields` are others of its model. */
export function listedNetwork(operations: readonly object[], geometry: Geometry, fields: object): Network<GraphSpec> {
  const model = graphSpec.parse({ kind: "graph", operations, ...fields });
  return tinyNetwork(model, 5, listedGeometry(model, geometry, tinyGrid));
}
