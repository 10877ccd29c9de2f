/**
 * The pass of a network, bound to a backend from its plan (`pass-plan.ts`): forward, the loss, and backward through time. Twin:
 * `model/forward.ts`. Rows are time-major `[T][B][N]`. If the network has BatchNorm, the statistics are those of the micro-batch;
 * evaluation runs on the folded network. And an inference-only pass on its own kernels, which evaluation and teachers use.
 */
import { invariant } from "../errors.ts";
import { answerKind } from "../model/geometry.ts";
import type { Network } from "../model/network.ts";
import { passParameters } from "../model/quantization.ts";
import { type Arena, countingArena, type PackedBits, type Place, tallyAt } from "./arena.ts";
import { numbersAt } from "./held.ts";
import { type Kernels, standaloneKernels } from "./memory.ts";
import { bindHead } from "./operations/head.ts";
import type { BindContext, Call, PassDraws, Run } from "./operations/kit.ts";
import { passKit } from "./operations/kits.ts";
import { type ColumnMoments, lossOf, type Ops } from "./ops.ts";
import type { ParameterOffsets, Pass } from "./pass.ts";
import { passLoss } from "./pass-loss.ts";
import { type PassLayout, planNetwork } from "./pass-plan.ts";
import type { PassStep } from "./pass-steps.ts";

/** Packed spikes of a layer, `[T][B perPrompt][words]`. */
export interface SpikesOf extends PackedBits {
  /** Rows per prompt and step: tokens, or pixels of a map. */
  readonly perPrompt: number;
}

export interface SpikingPass extends Pass {
  readonly draws: PassDraws;
  /** By the names of the graph. */
  readonly spikes: Readonly<Record<string, SpikesOf>>;
  /** BatchNorm statistics of the last micro-batch, by layer name. */
  readonly statistics: Readonly<Record<string, ColumnMoments>>;
  /** Logits of each step, `[T, prompts, queries, C]`; null if the loss does not need them. */
  readonly stepLogits: Place | null;
  /** Writes the logits of the first `of` time steps of the last `forward`: those of a network with that many steps. */
  readFirst(of: number, prompts: number): void;
}

export function bindNetwork(ops: Ops, layout: PassLayout, parameters: ParameterOffsets): Pass | SpikingPass {
  const { network, options, steps, nodes, head, answer, penaltyRow, noise, scratch } = layout;
  const { maxPrompts, spikeRate } = options;
  const answers = answerKind(network);
  const queries = network.geometry.queries.length;
  const constants = new Map<Place, Uint8Array | Uint32Array | Int32Array>();
  const statistics: Record<string, ColumnMoments> = {};
  const draws: PassDraws = { key: [0, 0], firstPrompt: 0, noiseKey: [0, 0] };
  const penalty =
    spikeRate && penaltyRow !== null ? { rate: spikeRate.target, weight: spikeRate.weight, scratch: penaltyRow } : null;
  const context: Omit<BindContext, "node"> = {
    ...{ ops, parameters, options, steps, scratch, draws, noise, penalty, statistics, spiking: head !== null },
    constant: (at, values) => constants.set(at, values),
  };
  const bind = (step: PassStep): Run => {
    if (step.kind === "copy") return ({ prompts }) => ops.copy(step.from, step.to, prompts * step.perPrompt);
    if (step.kind === "add") return ({ prompts }) => ops.add(step.to, step.from, prompts * step.perPrompt);
    const node = nodes[step.node];
    const kit = passKit(node.operation);
    return step.kind === "forward"
      ? kit.forward({ ...context, node }, step.places)
      : kit.backward({ ...context, node }, step.places);
  };
  const forwardSteps = layout.forward.map(bind);
  const backwardSteps = parameters.gradient === null ? [] : layout.backward.map(bind);
  const losses = passLoss(layout);
  const shares = { stepLoss: options.stepLoss ?? 0, scratch, answers };
  const last = head && bindHead(ops, head.places, head.shape, parameters, shares);
  const read = head && (head.reads.form === "bits" ? head.reads.bits : numbersAt(head.reads));
  const call: Call = { prompts: 0, penaltyScale: 0, penaltyTally: 0 };

  function forward(prompts: number) {
    invariant(prompts <= maxPrompts, `a pass for ${maxPrompts} prompts is not given ${prompts}`);
    call.prompts = prompts;
    for (const [at, values] of constants) ops.write(at, values);
    for (const run of forwardSteps) run(call);
    last?.forward(read!, prompts);
  }

  function step(prompts: number, scale: number, tally: Place): void {
    invariant(
      options.training && parameters.gradient !== null,
      "only a pass planned for training with gradients steps",
    );
    forward(prompts);
    if (answer) {
      const { logits, targets, dLogits } = answer;
      const sizes = { rows: prompts * queries, outputs: answer.outputs };
      lossOf(ops, answers)({ logits, targets, dLogits, ...sizes, scale, tally });
    }
    call.penaltyScale = scale * (prompts * queries);
    call.penaltyTally = tallyAt(tally, losses.tallies - 1);
    last?.backward(prompts, scale, head!.d, tally);
    for (const run of backwardSteps) run(call);
  }

  if (!head) return { inputs: layout.inputs, ...answer!, ...losses, forward, step };
  const { targets, ofMean, ofSteps } = head.places;
  return {
    inputs: layout.inputs,
    targets,
    logits: ofMean.logits,
    stepLogits: ofSteps?.logits ?? null,
    draws,
    spikes: Object.fromEntries(
      Object.entries(layout.spikes).map(([name, { bits, rows }]) => [name, { ...bits, perPrompt: rows }]),
    ),
    statistics,
    ...losses,
    forward,
    readFirst: (of, prompts) => last!.forwardFirst(of, read!, prompts),
    step,
  };
}

/** A spiking network must be folded. `realInputs`: it reads real values instead of packed spikes. */
export function createNetworkPass(
  network: Network,
  maxPrompts: number,
  realInputs: boolean,
): { kernels: Kernels; pass: Pass | SpikingPass } {
  const parameters = Object.entries(passParameters(network));
  const plan = (arena: Arena) => ({
    value: Object.fromEntries(parameters.map(([name, { data }]) => [name, arena.words(data.length)])),
    layout: planNetwork(arena, network, { maxPrompts, training: false, attention: "sampled", realInputs }),
  });
  const counting = countingArena();
  plan(counting);
  const { kernels, arena } = standaloneKernels(counting.used);
  const { value, layout } = plan(arena);
  for (const [name, { data }] of parameters) kernels.write(value[name], data);
  return { kernels, pass: bindNetwork(kernels, layout, { value, gradient: null }) };
}
