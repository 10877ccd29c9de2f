// Prices the link when several data vectors share a set of pilots.
import { experimentWorkload } from "xpikeformer";
import { receiverEnergy, totalOf, withSteps } from "xpikeformer/cost";
import { isMeasured, networkOn } from "../claim-tables.mjs";
import { estimateOn, experimentOn, on } from "../two-machines.mjs";

const MACHINE = "recommended";
const NAME = "wireless-2x2-deep";

/** Data vectors that follow a set of pilots. */
export const VECTORS = [1, 5, 10, 20, 100];

const experiment = experimentOn(MACHINE, NAME);
const { task, model } = experiment;
const copies = task.queryCopies;

/**
 * A prompt of a set of pilots and `vectors` queries, each with `each` copies. A query attends to the pilots' tokens with y and x alone, so
 * more of them change no answer. Densities stay those of a prompt with one query.
 *
 * @param from the same prompt with one query, of `held` copies
 */
function sharing(from, vectors, each, held = each) {
  const added = vectors * each - held;
  const tokens = from.tokens + added;
  const last = from.mask.subarray((from.tokens - 1) * from.tokens);
  if (last[from.tokens - 1] !== 0) throw new Error("A query of this prompt attends to itself.");
  const mask = new Uint8Array(tokens * tokens);
  for (let i = 0; i < tokens; i++) {
    const row = i < from.tokens ? from.mask.subarray(i * from.tokens, (i + 1) * from.tokens) : last;
    mask.set(row.subarray(0, Math.min(from.tokens, tokens)), i * tokens);
  }
  const attended = last.reduce((sum, cell) => sum + cell, 0);
  const scores = from.scores + added * attended;
  const read = [...from.tokensRead];
  const tokensRead = Int32Array.from(
    added < 0 ? read.slice(0, added) : [...read, ...Array.from({ length: added }, (_, i) => from.tokens + i)],
  );
  return { ...from, tokens, mask, scores, annScores: scores, queries: tokensRead.length, tokensRead };
}

/** Joules per data vector of the chips with `each` copies of every query, and of the int8 ANN on two engines, which is asked once. */
function energies(workload, vectors, each) {
  const shared = {
    ...sharing(withSteps(workload, model.steps, workload.snnSteps), vectors, each, copies),
    compared: { ann: sharing(workload.compared.ann, vectors, 1) },
  };
  const { architectures } = estimateOn(MACHINE, shared);
  const of = (id) => architectures[id].total / vectors;
  return { chips: of("xpikeformer"), trees: of("annTrees"), systolic: of("annDigital") };
}

const nanojoules = (joules) => (joules >= 1e-7 ? (1e9 * joules).toFixed(0) : (1e9 * joules).toPrecision(2));
const over = (engine) => (row) => (row[engine] / row.chips).toPrecision(2);

function networkRows(workload) {
  const [repeated, once] = [copies, 1].map((each) => VECTORS.map((vectors) => energies(workload, vectors, each)));
  return [
    ["chips, eight copies of the query", ...repeated.map(({ chips }) => nanojoules(chips))],
    ["chips, asked once", ...once.map(({ chips }) => nanojoules(chips))],
    ["int8 ANN, adder trees", ...once.map(({ trees }) => nanojoules(trees))],
    ["int8 ANN, systolic array", ...once.map(({ systolic }) => nanojoules(systolic))],
    ["adder trees / chips, eight copies", ...repeated.map(over("trees"))],
    ["adder trees / chips, asked once", ...once.map(over("trees"))],
    ["systolic array / chips, eight copies", ...repeated.map(over("systolic"))],
    ["systolic array / chips, asked once", ...once.map(over("systolic"))],
  ];
}

function receiverRows() {
  const { technology } = on(MACHINE, experimentWorkload(experiment)).resolved;
  return [
    ["ml", "maximum likelihood, channel from pilots"],
    ["mmse", "linear MMSE, channel from pilots"],
  ].map(([kind, name]) => {
    const energy = (vectors) => totalOf(receiverEnergy(task, { kind, channel: "pilots" }, technology, vectors));
    return [name, ...VECTORS.map((vectors) => nanojoules(energy(vectors)))];
  });
}

/** Networks are priced once their spike densities are measured. */
export const dataVectorTable = (workload = isMeasured(NAME) ? networkOn(MACHINE, NAME).workload : null) => ({
  head: ["nJ per data vector; data vectors per set of pilots:", ...VECTORS.map(String)],
  rows: [...(workload ? networkRows(workload) : []), ...receiverRows()],
});
