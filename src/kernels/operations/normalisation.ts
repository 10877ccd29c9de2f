/** BatchNorm and LayerNorm, and the rounding of values to codes. Twins: `model/batch-norm.ts`, `layer-norm.ts` and `rounding.ts`. */
import type { BatchNormOperation } from "../../model/batch-norm.ts";
import { codesOf } from "../../model/bit-widths.ts";
import { tokensRead } from "../../model/geometry.ts";
import type { LayerNormOperation } from "../../model/layer-norm.ts";
import { NORM_EPSILON } from "../../model/operation.ts";
import type { ReadOutOperation } from "../../model/read-out.ts";
import type { RoundingOperation } from "../../model/rounding.ts";
import type { Place } from "../arena.ts";
import { countOf, type Held, type HeldColumns, numbersAt, rowsOf } from "../held.ts";
import type { RoundedBlock } from "../ops.ts";
import { normalisationScratch } from "../wasm/neuron-ops.ts";
import { type BindContext, NUMBERS, type PassKit, type Places } from "./kit.ts";

/** Measures the columns of a raw output, and leaves the affine map to the reader: `I = scale y + shift`. */
export const batchNormalisation: PassKit<BatchNormOperation> = {
  accepts: () => NUMBERS,
  plan: (_, { reads: [read] }) => {
    const columns = read.features;
    return {
      writes: { ...read, form: "columns" },
      view: true,
      lasting: { scale: columns, shift: columns, mean: columns, variance: columns },
      scratch: normalisationScratch(columns),
      needs: [0],
      gradients: ["over"],
    };
  },
  forward({ node, ops, parameters, scratch, statistics }, { reads: [read], writes, own }) {
    const { name } = node.operation;
    const { value } = parameters;
    const [gain, offset] = [value[`${name}.gain`], value[`${name}.offset`]];
    const moments = { mean: own.mean, variance: own.variance };
    statistics[name] = moments;
    const of = { source: numbersAt(read), columns: read.features, gain, offset, epsilon: NORM_EPSILON, moments };
    const { map } = writes as HeldColumns;
    return ({ prompts }) => ops.normaliseColumns({ ...of, rows: rowsOf(read, prompts), map, scratch });
  },
  backward({ node, ops, parameters, scratch }, { reads: [read], writes, own, d, targets }) {
    const { name } = node.operation;
    const gradient = parameters.gradient!;
    const [dGain, dOffset] = [gradient[`${name}.gain`], gradient[`${name}.offset`]];
    const moments = { mean: own.mean, variance: own.variance };
    const of = { d, source: numbersAt(read), columns: read.features, epsilon: NORM_EPSILON, moments };
    const into = { map: (writes as HeldColumns).map, dGain, dOffset, dSource: targets[0]!.at, scratch };
    return ({ prompts }) => ops.normaliseColumnsBackward({ ...of, ...into, rows: rowsOf(read, prompts) });
  },
};

/** Where its reader is the read-out, only the tokens that are read are normalised. */
export const layerNormalisation: PassKit<LayerNormOperation> = {
  accepts: () => NUMBERS,
  plan: ({ answers }, { reads: [read], maxPrompts }) => {
    const { features } = read;
    const rows = answers ? tokensRead(answers.geometry).length : read.rows;
    const words = maxPrompts * rows * features;
    return {
      writes: { ...read, rows },
      ...(answers && { lasting: { chosen: rows }, backwardWork: { dGathered: words } }),
      kept: { statistics: maxPrompts * rows * 2, ...(answers && { gathered: words }) },
      scratch: 0,
      needs: answers ? [] : [0],
      gradients: ["apart"],
      adds: answers === null,
    };
  },
  forward({ node, ops, parameters, constant }, { reads: [read], writes, own }) {
    const { name } = node.operation;
    const { value } = parameters;
    const at = numbersAt(read);
    const [gain, offset] = [value[`${name}.gain`], value[`${name}.offset`]];
    const of = { width: writes.features, gain, offset, epsilon: NORM_EPSILON, target: numbersAt(writes) };
    const gather = gatheringOf(node.answers, read, own);
    if (node.answers) constant(own.chosen, tokensRead(node.answers.geometry));
    return ({ prompts }) => {
      if (gather) ops.gatherTokens({ ...gather, source: at, prompts, target: own.gathered });
      const source = gather ? own.gathered : at;
      ops.layerNorm({ ...of, source, rows: rowsOf(writes, prompts), statistics: own.statistics });
    };
  },
  backward({ node, ops, parameters }, { reads: [read], writes, own, d, targets }) {
    const { name } = node.operation;
    const gradient = parameters.gradient!;
    const gain = parameters.value[`${name}.gain`];
    const [dGain, dOffset] = [gradient[`${name}.gain`], gradient[`${name}.offset`]];
    const { at, adds } = targets[0]!;
    const gather = gatheringOf(node.answers, read, own);
    const [source, dSource] = gather ? [own.gathered, own.dGathered] : [numbersAt(read), at];
    const of = { source, width: writes.features, gain, statistics: own.statistics, dTarget: d, dSource };
    return ({ prompts }) => {
      if (!adds) ops.fill(dSource, countOf(writes, prompts), 0);
      ops.layerNormBackward({ ...of, rows: rowsOf(writes, prompts), dGain, dOffset });
      if (gather) ops.scatterTokens({ ...gather, source: dSource, prompts, target: at });
    };
  },
};

const gatheringOf = (answers: ReadOutOperation | null, { rows: tokens, features: width }: Held, own: Places["own"]) =>
  answers && { tokens, width, chosen: { at: own.chosen, count: tokensRead(answers.geometry).length } };

export const rounding: PassKit<RoundingOperation> = {
  accepts: () => NUMBERS,
  plan: (_, { reads: [read] }) => ({ writes: read, scratch: 0, needs: [0], gradients: ["over"] }),
  forward(context, { reads: [read], writes }) {
    const [source, target] = [numbersAt(read), numbersAt(writes)];
    return ({ prompts }) =>
      forEachGroup(context, countOf(read, prompts), (block, at) =>
        context.ops.roundToCodes({ ...block, source: source + at, target: target + at }),
      );
  },
  backward(context, { reads: [read], targets }) {
    const source = numbersAt(read);
    const d = targets[0]!.at;
    return ({ prompts }) =>
      forEachGroup(context, countOf(read, prompts), (block, at, gradients) =>
        context.ops.roundToCodesBackward({ ...block, source: source + at, d: d + at, ...gradients() }),
      );
  },
};

/** Calls `visit` for the columns with a step of their own, group after group; `at` is the first byte of a group. */
function forEachGroup(
  { node, parameters }: BindContext<RoundingOperation>,
  count: number,
  visit: (block: Omit<RoundedBlock, "source">, at: number, gradients: () => { dStep: Place; dShift: Place }) => void,
): void {
  const { name, width, columns, groups } = node.operation;
  const [step, shift] = [`${name}LogStep`, `${name}Shift`];
  const { value, gradient } = parameters;
  // A single group is one long row.
  const sizes = groups === 1 ? { rows: 1, columns: count, stride: count } : sizesOf(count, columns, groups);
  for (let group = 0; group < groups; group++) {
    const at = 4 * group;
    const block = { ...sizes, ...codesOf(width), step: value[step] + at, shift: value[shift] + at };
    visit(block, at * sizes.columns, () => ({ dStep: gradient![step] + at, dShift: gradient![shift] + at }));
  }
}

const sizesOf = (count: number, stride: number, groups: number) => ({
  rows: count / stride,
  columns: stride / groups,
  stride,
});
