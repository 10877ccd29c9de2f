/** Attention with neurons on a GPU: twin of `../wasm/firing-attention.ts`. */
import { neuronInAttention } from "../../experiment/by-neuron.ts";
import { gridOf } from "../../webgpu/kernel.ts";
import { maskWords } from "../masks.ts";
import type { AttentionOps, FiringAttention } from "../ops.ts";
import { surrogateNumbers } from "../wasm/neuron-kernels.ts";
import { type Counting, firingKind, type GateAttention, type PairAttention, type Weighing } from "../weighing.ts";
import { firingKernel, type Summed } from "./firing-attention.ts";
import { countedGradientsKernel, gateGradientsKernel, gateSummed } from "./gate-attention.ts";
import { headNumbers } from "./heads.ts";
import { kernelsBy } from "./kernels-by.ts";
import { type GpuNeuron, gpuNeuron } from "./neurons.ts";
import { pairSummed, scoreNeuronsKernel } from "./pair-attention.ts";
import { distributeGradients, pairWords, scoreWords } from "./pair-gradient-ops.ts";
import { outputGradientsKernel, pairGradientsKernel, scoreGradientsKernel } from "./pair-gradients.ts";
import type { Recorder } from "./recorder.ts";

const FIRE = kernelsBy((summed: Summed, neuron: GpuNeuron) => `${summed.name} ${neuron.name}`, firingKernel);
const SCORE_NEURONS = kernelsBy((neuron: GpuNeuron, steps: number) => `${neuron.name} ${steps}`, scoreNeuronsKernel);
const SCORE_GRADIENTS = kernelsBy(
  (neuron: GpuNeuron, steps: number) => `${neuron.name} ${steps}`,
  scoreGradientsKernel,
);
const OUTPUT_GRADIENTS = kernelsBy(
  (weigh: Weighing, neuron: GpuNeuron, steps: number) => `${weigh} ${neuron.name} ${steps}`,
  outputGradientsKernel,
);
const PAIRS = kernelsBy((weigh: Exclude<Weighing, "neurons">) => weigh, pairGradientsKernel);
const GATES = kernelsBy(
  (counted: Counting, neuron: GpuNeuron, steps: number) => `${counted} ${neuron.name} ${steps}`,
  gateGradientsKernel,
);
const COUNTED = kernelsBy((counted: "counts" | "channels") => counted, countedGradientsKernel);

type Forward = Parameters<AttentionOps["firingAttention"]>[0];
type Backward = Parameters<AttentionOps["firingAttentionBackward"]>[0];

export function firingAttentionOps(
  recorder: Recorder,
  mostPairWords: number,
): Pick<AttentionOps, "firingAttention" | "firingAttentionBackward"> {
  const { call, each } = recorder;

  /** The network's neuron, as attention computes with it, and its numbers. */
  function neuronOf(of: FiringAttention) {
    const neuron = gpuNeuron({ kind: "lif", ...neuronInAttention(of.neuron) });
    return { neuron, values: neuron.values(undefined) };
  }

  /** Neurons on scores leave their spikes in the scratch memory, for the operation that follows. */
  function fireScores(of: FiringAttention, { weigh, constant }: PairAttention): void {
    if (weigh !== "neurons") return;
    const { steps, prompts, heads, tokens } = of;
    const { neuron, values } = neuronOf(of);
    const numbers = { ...headNumbers(of), ...values, constant };
    each(SCORE_NEURONS(neuron, steps), prompts * heads * tokens * maskWords(tokens), numbers);
  }

  function fire(of: Forward, summed: Summed, numbers: Readonly<Record<string, number>>): void {
    const { prompts, tokens, out } = of;
    const { neuron, values } = neuronOf(of);
    const all = { ...headNumbers(of), ...numbers, ...values, out: out.at, outWords: out.words };
    call(FIRE(summed, neuron), all, gridOf(Math.ceil(out.words / 2), prompts * tokens));
  }

  function pairsBackward(of: Backward, kind: PairAttention): void {
    const { steps, prompts, tokens, width, dOut, dQkv } = of;
    const { weigh, constant, scale } = kind;
    const { neuron, values } = neuronOf(of);
    const { kind: surrogate, parameter } = surrogateNumbers(of.surrogate);
    const firing = { ...values, surrogate, parameter };
    recorder.reserve(pairWords(of, mostPairWords));
    fireScores(of, kind);
    const numbers = { ...headNumbers(of), ...firing, constant, scale, dOut, dQkv };
    each(OUTPUT_GRADIENTS(weigh, neuron, steps), prompts * tokens * width, numbers);
    const weighed = { constant };
    const cold = weigh === "equal" ? -constant : 0;
    distributeGradients(recorder, { ...of, weights: weigh, weighed, cold }, mostPairWords, (pairs, here) => {
      const all = { ...here, ...firing, constant };
      if (weigh === "neurons") each(SCORE_GRADIENTS(neuron, steps), pairs, all);
      else each(PAIRS(weigh), steps * pairs, all);
    });
  }

  function gatesBackward(of: Backward, { counted, scale }: GateAttention): void {
    const { steps, prompts, tokens, width, dOut, dQkv } = of;
    const { neuron, values } = neuronOf(of);
    const { kind: surrogate, parameter } = surrogateNumbers(of.surrogate);
    const rowFloats = of.qkv.features;
    const numbers = { ...headNumbers(of), ...values, surrogate, parameter, scale, dOut, dQkv, rowFloats };
    const features = prompts * tokens * width;
    recorder.reserve(steps * features);
    each(GATES(counted, neuron, steps), features, numbers);
    if (counted === "tokens") return;
    each(COUNTED(counted), steps * features, { ...headNumbers(of), dQkv, rowFloats });
  }

  return {
    firingAttention: (of) => {
      const kind = firingKind(of);
      if (kind.of === "gates") return fire(of, gateSummed(kind.counted), { scale: kind.scale });
      recorder.reserve(scoreWords(of));
      fireScores(of, kind);
      fire(of, pairSummed(kind.weigh), { scale: kind.scale, constant: kind.constant });
    },
    firingAttentionBackward: (of) => {
      const kind = firingKind(of);
      if (kind.of === "gates") gatesBackward(of, kind);
      else pairsBackward(of, kind);
    },
  };
}
