/**
 * Sums and means of rows, positions, activations; and spikes or raw outputs as numbers. Twins: `model/stream.ts`, `position.ts` and
 * `activation.ts`.
 */
import type { ActivationOperation } from "../../model/activation.ts";
import type { PositionOperation } from "../../model/position.ts";
import type { AddOperation, SumOperation, TokenMeanOperation } from "../../model/stream.ts";
import type { Place } from "../arena.ts";
import { countOf, type Held, numbersAt, rowsOf } from "../held.ts";
import type { Ops } from "../ops.ts";
import { tokenMean as meanOfTokens, tokenMeanBackward } from "../token-mean.ts";
import { BITS_OR_NUMBERS, NUMBERS, type NumbersOperation, type PassKit } from "./kit.ts";

const NOTHING = () => {};

/** target = a value as numbers. */
function writeNumbers(ops: Ops, read: Held, prompts: number, target: Place): void {
  const count = countOf(read, prompts);
  if (read.form === "bits") {
    ops.fill(target, count, 0);
    ops.addBits({ bits: read.bits, rows: rowsOf(read, prompts), target });
  } else if (read.form === "columns") addColumns(ops, null, read, prompts, target);
  else if (read.at !== target) ops.copy(read.at, target, count);
}

const addColumns = (
  ops: Ops,
  base: Place | null,
  read: Extract<Held, { form: "columns" }>,
  prompts: number,
  target: Place,
) =>
  ops.mapColumns({
    ...{ base, source: read.at, rows: rowsOf(read, prompts), columns: read.features },
    ...{ map: read.map, target },
  });

export const numbers: PassKit<NumbersOperation> = {
  accepts: () => ["bits", "columns"],
  plan: (_, { reads: [read] }) => ({ writes: { ...read, form: "numbers" }, scratch: 0, gradients: ["same"] }),
  forward: ({ ops }, { reads: [read], writes }) => {
    const target = numbersAt(writes);
    return ({ prompts }) => writeNumbers(ops, read, prompts, target);
  },
  backward: () => NOTHING,
};

/** A second value in columns is mapped on the way; for it, the first stays where it is. */
export const add: PassKit<AddOperation> = {
  accepts: (position) => (position === 0 ? BITS_OR_NUMBERS : ["bits", "numbers", "columns"]),
  plan: (_, { reads: [base, branch], written, steps }) => ({
    writes: { ...written, steps, form: "numbers" },
    ...(base.form === "numbers" && branch.form !== "columns" && { overwrites: 0 }),
    scratch: 0,
    gradients: ["same", "same"],
  }),
  forward: ({ ops }, { reads: [base, branch], writes }) => {
    const target = numbersAt(writes);
    return ({ prompts }) => {
      if (branch.form === "columns" && base.form === "numbers") {
        return addColumns(ops, base.at, branch, prompts, target);
      }
      writeNumbers(ops, base, prompts, target);
      if (branch.form === "bits") ops.addBits({ bits: branch.bits, rows: rowsOf(branch, prompts), target });
      else if (branch.form === "columns") addColumns(ops, target, branch, prompts, target);
      else ops.add(target, branch.at, countOf(branch, prompts));
    };
  },
  backward: () => NOTHING,
};

export const position: PassKit<PositionOperation> = {
  accepts: () => ["numbers", "columns"],
  plan: (_, { reads: [read] }) => ({
    writes: { ...read, form: "numbers" },
    ...(read.form === "numbers" && { overwrites: 0 }),
    scratch: 0,
    gradients: ["same"],
  }),
  forward: ({ node, ops, parameters }, { reads: [read], writes }) => {
    const table = parameters.value[node.operation.name];
    const target = numbersAt(writes);
    const { rows: period, features: columns } = read;
    return ({ prompts }) => {
      writeNumbers(ops, read, prompts, target);
      ops.addPeriodic({ table, period, rows: rowsOf(read, prompts), columns, target });
    };
  },
  backward: ({ node, ops, parameters }, { reads: [read], d }) => {
    const table = parameters.gradient![node.operation.name];
    const { rows: period, features: columns } = read;
    return ({ prompts }) => ops.sumPeriodic({ source: d, rows: rowsOf(read, prompts), columns, table, period });
  },
};

/** The trains of a row are like tokens: each is gathered, and added. */
export const sum: PassKit<SumOperation> = {
  accepts: () => ["bits"],
  plan: ({ operation: { trains, width } }, { reads: [read], written, maxPrompts }) => {
    const writes = { ...written, steps: read.steps, form: "numbers" as const };
    if (trains === 1) return { writes, scratch: 0, gradients: ["same"] };
    const all = read.steps * maxPrompts * read.rows * read.features;
    return {
      writes,
      lasting: { chosen: trains },
      forwardWork: { values: all, one: (all / (trains * width)) * width },
      backwardWork: { one: all },
      scratch: 0,
      gradients: ["apart"],
    };
  },
  forward: ({ node, ops, constant }, { reads: [read], writes, own }) => {
    const { trains, width } = node.operation;
    const target = numbersAt(writes);
    if (trains === 1) return ({ prompts }) => writeNumbers(ops, read, prompts, target);
    constant(
      own.chosen,
      Int32Array.from({ length: trains }, (_, train) => train),
    );
    return ({ prompts }) => {
      const rows = rowsOf(read, prompts);
      writeNumbers(ops, read, prompts, own.values);
      const from = { source: own.values, prompts: rows, tokens: trains, width };
      for (let train = 0; train < trains; train++) {
        const to = train === 0 ? target : own.one;
        ops.gatherTokens({ ...from, chosen: { at: own.chosen + 4 * train, count: 1 }, target: to });
        if (train > 0) ops.add(target, own.one, rows * width);
      }
    };
  },
  backward: ({ node, ops }, { reads: [read], own, d, targets }) => {
    const { trains, width } = node.operation;
    if (trains === 1) return NOTHING;
    const { at } = targets[0]!;
    return ({ prompts }) => {
      const rows = rowsOf(read, prompts);
      const from = { source: d, prompts: rows, tokens: trains, width };
      for (let train = 0; train < trains; train++) {
        const target = train === 0 ? at : own.one;
        ops.scatterTokens({ ...from, chosen: { at: own.chosen + 4 * train, count: 1 }, target });
        if (train > 0) ops.add(at, own.one, rows * trains * width);
      }
    };
  },
};

export const tokenMean: PassKit<TokenMeanOperation> = {
  accepts: () => NUMBERS,
  plan: (_, { reads: [read], written }) => ({
    writes: { ...written, steps: read.steps, form: "numbers" },
    scratch: 0,
    gradients: ["apart"],
    spoils: true,
  }),
  forward: ({ node, ops }, { reads: [read], writes }) => {
    const [source, target] = [numbersAt(read), numbersAt(writes)];
    const rows = tokensOf(node.operation, read);
    return ({ prompts }) => meanOfTokens(ops, source, rows(prompts), target);
  },
  backward: ({ node, ops }, { reads: [read], d, targets }) => {
    const rows = tokensOf(node.operation, read);
    return ({ prompts }) => tokenMeanBackward(ops, d, rows(prompts), targets[0]!.at);
  },
};

/** An answer for each prompt at each step. */
const tokensOf =
  ({ tokens, width }: TokenMeanOperation, { steps }: Held) =>
  (prompts: number) => ({ prompts: steps * prompts, perAnswer: Int32Array.of(tokens), width });

export const activation: PassKit<ActivationOperation> = {
  accepts: () => NUMBERS,
  plan: (_, { reads: [read] }) => ({ writes: read, scratch: 0, needs: [0], gradients: ["over"] }),
  forward: ({ node, ops }, { reads: [read], writes }) => {
    const of = { activation: node.operation.activation, source: numbersAt(read), target: numbersAt(writes) };
    return ({ prompts }) => ops.activate({ ...of, count: countOf(read, prompts) });
  },
  backward: ({ node, ops }, { reads: [read], d, targets }) => {
    const { activation } = node.operation;
    const of = { activation, source: numbersAt(read), dTarget: d, dSource: targets[0]!.at };
    return ({ prompts }) => ops.activateBackward({ ...of, count: countOf(read, prompts) });
  },
};
