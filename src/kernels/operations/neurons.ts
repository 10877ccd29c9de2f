/** Neurons of a layer over all steps. Twin: `model/neuron/`. */
import { learnedName, neuronModel } from "../../model/neuron/catalogue.ts";
import type { NeuronsOperation } from "../../model/neuron/operation.ts";
import { surrogateReach } from "../../model/neuron/surrogate.ts";
import type { Place } from "../arena.ts";
import { type Held, type HeldBits, numbersAt, rowsOf } from "../held.ts";
import { neuronKernels } from "../wasm/neuron-kernels.ts";
import type { BindContext, PassKit, PassNode } from "./kit.ts";

export const neurons: PassKit<NeuronsOperation> = {
  accepts: () => ["numbers", "columns"],
  plan: ({ operation }, { reads: [read], steps, training, gated, options }) => ({
    writes: { ...read, form: "bits" },
    // Where a membrane is outside the surrogate's compact support, its spike needs no gradient.
    gate: training && gated && surrogateReach(operation.surrogate) !== null,
    scratch: neuronKernels(operation.neuron).scratch(steps),
    needs: [0],
    gradients: ["over"],
    adds: true,
    spoils: (options.spikeRate?.weight ?? 0) > 0,
  }),
  forward({ node, ops, parameters }, { reads: [read], writes }) {
    const { neuron, surrogate } = node.operation;
    const { bits: spikes, gate } = writes as HeldBits;
    const near = gate && { bits: gate, reach: surrogateReach(surrogate)! };
    const of = { ...currentsOf(read), neuron, learned: learnedOf(node, parameters.value) };
    return ({ prompts }) => ops.fire({ ...of, rows: prompts * read.rows, spikes, near });
  },
  backward({ node, ops, parameters, penalty, scratch }, { reads: [read], writes, d, targets }) {
    const { neuron, surrogate } = node.operation;
    const { bits: spikes, features } = writes as HeldBits;
    const { at: target, adds: accumulate } = targets[0]!;
    const of = { ...currentsOf(read), neuron, surrogate, features, learned: learnedOf(node, parameters.value) };
    const into = { dSpikes: d, target, accumulate, dLearned: learnedOf(node, parameters.gradient!), scratch };
    return ({ prompts, penaltyScale: scale, penaltyTally: tally }) => {
      const rows = rowsOf(writes, prompts);
      if (penalty) ops.penaliseRate({ ...penalty, bits: spikes, rows, scale, dSpikes: d, tally });
      ops.fireBackward({ ...of, ...into, rows: prompts * read.rows });
    };
  },
};

const currentsOf = (read: Held) => ({
  currents: numbersAt(read),
  map: read.form === "columns" ? read.map : null,
  steps: read.steps,
});

const learnedOf = (
  { operation: { name, neuron } }: PassNode<NeuronsOperation>,
  at: BindContext["parameters"]["value"],
): Record<string, Place> =>
  Object.fromEntries(Object.keys(neuronModel(neuron).learned).map((of) => [of, at[learnedName(name, of)]]));
