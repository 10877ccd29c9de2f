/**
 * BatchNorm between a layer's raw output and its neurons on a GPU: twin of `../assembly/batch-norm.ts` and `../wasm/neuron-ops.ts`. Column
 * sums are those of `column-sums.ts`.
 */
import type { NeuronOps } from "../ops.ts";
import { columnReduction, reduceColumns } from "./column-sums.ts";
import { eachItem } from "./kernel.ts";
import type { Recorder } from "./recorder.ts";

const MAP = eachItem(
  "map columns",
  {
    base: "place",
    hasBase: "u32",
    source: "place",
    columns: "u32",
    scale: "place",
    shift: "place",
    result: "place",
  },
  `
  let column = at % call.columns;
  var value = load(call.source + at) * load(call.scale + column) + load(call.shift + column);
  if (call.hasBase != 0u) { value = load(call.base + at) + value; }
  store(call.result + at, value);`,
);

const MEAN = columnReduction(
  "column means",
  { source: "place", mean: "place" },
  { terms: ["load(call.source + at)"], finish: "  store(call.mean + column, sum0 / f32(call.rows));" },
);

/** Also the map: scale = gain / sqrt(variance + epsilon), shift = offset - scale mean. */
const VARIANCE = columnReduction(
  "column variances",
  {
    source: "place",
    mean: "place",
    variance: "place",
    gain: "place",
    offset: "place",
    epsilon: "f32",
    scale: "place",
    shift: "place",
  },
  {
    each: "      let d = load(call.source + at) - load(call.mean + column);",
    terms: ["d * d"],
    finish: `
  let variance = sum0 / f32(call.rows);
  let scale = load(call.gain + column) / sqrt(variance + call.epsilon);
  store(call.variance + column, variance);
  store(call.scale + column, scale);
  store(call.shift + column, load(call.offset + column) - scale * load(call.mean + column));`,
  },
);

/** Also keeps, per column, what dSource = scale d + slope x + constant takes. */
const SLOPES = columnReduction(
  "column slopes",
  {
    d: "place",
    source: "place",
    mean: "place",
    variance: "place",
    epsilon: "f32",
    scale: "place",
    dGain: "place",
    dOffset: "place",
  },
  {
    each: "      let d = load(call.d + at);",
    terms: ["d", "d * (load(call.source + at) - load(call.mean + column))"],
    finish: `
  let inverse = 1.0 / sqrt(load(call.variance + column) + call.epsilon);
  let weighted = sum1 * inverse;
  store(call.dOffset + column, load(call.dOffset + column) + sum0);
  store(call.dGain + column, load(call.dGain + column) + weighted);
  let scale = load(call.scale + column);
  let along = scale * inverse * weighted / f32(call.rows);
  storePart(keptAt(0u, column), -along);
  storePart(keptAt(1u, column), along * load(call.mean + column) - scale * sum0 / f32(call.rows));`,
    kept: 2,
  },
);

const BACKWARD = eachItem(
  "normalise columns: backward",
  { d: "place", source: "place", columns: "u32", scale: "place", kept: "u32", result: "place" },
  `
  let column = at % call.columns;
  let slope = loadPart(call.kept + column);
  let constant = loadPart(call.kept + call.columns + column);
  let value = load(call.d + at) * load(call.scale + column) + load(call.source + at) * slope;
  store(call.result + at, value + constant);`,
);

const SPREADS = eachItem(
  "column spreads",
  { variance: "place", epsilon: "f32", factor: "f32", result: "place" },
  "  store(call.result + at, call.factor * sqrt(load(call.variance + at) + call.epsilon));",
);

export type ColumnOps = Pick<
  NeuronOps,
  "mapColumns" | "normaliseColumns" | "normaliseColumnsBackward" | "columnSpreads"
>;

export function columnOps(recorder: Recorder): ColumnOps {
  const { each } = recorder;
  return {
    mapColumns: ({ base, source, rows, columns, map, target }) =>
      each(MAP, rows * columns, {
        ...{ base: base ?? 0, hasBase: base === null ? 0 : 1, source, columns },
        ...{ scale: map.scale, shift: map.shift, result: target },
      }),
    normaliseColumns: ({ source, rows, columns, gain, offset, epsilon, moments, map }) => {
      const { mean, variance } = moments;
      reduceColumns(recorder, MEAN, { rows, columns }, { source, mean });
      const { scale, shift } = map;
      const numbers = { source, mean, variance, gain, offset, epsilon, scale, shift };
      reduceColumns(recorder, VARIANCE, { rows, columns }, numbers);
    },
    normaliseColumnsBackward: (of) => {
      const { d, source, rows, columns, epsilon, moments, map, dGain, dOffset, dSource } = of;
      const { mean, variance } = moments;
      const { scale } = map;
      const numbers = { d, source, mean, variance, epsilon, scale, dGain, dOffset };
      const kept = reduceColumns(recorder, SLOPES, { rows, columns }, numbers);
      each(BACKWARD, rows * columns, { d, source, columns, scale, kept, result: dSource });
    },
    columnSpreads: ({ variance, columns, epsilon, factor, target }) =>
      each(SPREADS, columns, { variance, epsilon, factor, result: target }),
  };
}
