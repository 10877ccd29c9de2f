/** A profile of a training step and of an inference of the reference model, kernel by kernel, on one thread. */
import type { SpikingSpec } from "../src/experiment/model.ts";
import { type Arena, countingArena, type Place, reserveTally } from "../src/kernels/arena.ts";
import type { KernelExports } from "../src/kernels/binary.generated.ts";
import { bindKernels, type Kernels, standaloneKernels } from "../src/kernels/memory.ts";
import { bindNetwork, type SpikingPass } from "../src/kernels/network-pass.ts";
import { planNetwork } from "../src/kernels/pass-plan.ts";
import { foldNetwork } from "../src/model/fold.ts";
import type { Network, Tensor } from "../src/model/network.ts";
import { type BenchOptions, median, type Row, type Samples, type Section, startClock } from "./harness.ts";
import { BATCH, reference, referenceInputs, referenceNetwork, referenceTargets, SHARDS } from "./reference-model.ts";

const PROMPTS = BATCH / SHARDS;

/** Milliseconds. */
type Spent = Record<string, { wall: number; cpu: number }>;

/** A pass with kernels that add their time to `spent`. */
interface Profiled {
  readonly kernels: Kernels;
  readonly pass: SpikingPass;
  readonly tally: Place;
  readonly spent: Spent;
}

export function profile({ quick }: BenchOptions): Section {
  const repeats = quick ? 3 : 15;
  const rows: Row[] = [];
  for (const surrogate of ["sigmoid", "triangular", "rectangular"] as const) {
    const network = referenceNetwork(reference({ surrogate }));
    const training = createProfiled(network, true);
    rows.push(
      ...measureKernels(`step, ${surrogate}`, training.spent, repeats, () =>
        training.pass.step(PROMPTS, 1, training.tally),
      ),
    );
    if (surrogate !== "sigmoid") continue;
    const folded = createProfiled(foldNetwork(withStatistics(network, training)), false);
    rows.push(...measureKernels("inference", folded.spent, repeats, () => folded.pass.forward(PROMPTS)));
  }
  const about = `one micro-batch of ${PROMPTS} prompts of the reference model on one thread, kernel by kernel.`;
  return { name: "profile", about, rows, notes: [] };
}

function createProfiled(network: Network<SpikingSpec>, training: boolean): Profiled {
  const options = { maxPrompts: PROMPTS, training, attention: "sampled", realInputs: false } as const;
  const place = (arena: Arena) =>
    Object.fromEntries(Object.entries(network.parameters).map(([name, { data }]) => [name, arena.words(data.length)]));
  const plan = (arena: Arena) => ({
    parameters: { value: place(arena), gradient: place(arena) },
    layout: planNetwork(arena, network, options),
    tally: reserveTally(arena),
  });
  const counting = countingArena();
  plan(counting);

  const { kernels: plain, arena } = standaloneKernels(counting.used);
  const spent: Spent = {};
  const kernels = bindKernels(plain.memory, timeKernels(plain.run, spent));
  const { parameters, layout, tally } = plan(arena);
  const pass = bindNetwork(kernels, layout, parameters) as SpikingPass;
  for (const [name, { data }] of Object.entries(network.parameters)) kernels.write(parameters.value[name], data);
  kernels.write(pass.inputs, referenceInputs(reference(), network.model.steps, PROMPTS, 0));
  if (training) kernels.write(pass.targets, referenceTargets(reference(), PROMPTS, 0));
  return { kernels, pass, tally, spent };
}

/** The same kernels, each adding the time of its calls to `spent`. */
export function timeKernels(run: KernelExports, spent: Spent): KernelExports {
  const timed = Object.entries(run).map(([name, kernel]: [string, (...numbers: number[]) => number]) => {
    const call = (...numbers: number[]): number => {
      const elapsed = startClock();
      const result = kernel(...numbers);
      const { wall, cpu } = elapsed();
      spent[name] ??= { wall: 0, cpu: 0 };
      spent[name].wall += wall;
      spent[name].cpu += cpu;
      return result;
    };
    return [name, call];
  });
  return Object.fromEntries(timed);
}

/** One row for the whole, and one for each kernel that takes at least 1 % of it. */
export function measureKernels(title: string, spent: Spent, repeats: number, work: () => void): Row[] {
  const WARM_UP = 2;
  const samples = new Map<string, { wall: number[]; cpu: number[] }>([[title, { wall: [], cpu: [] }]]);
  for (let repeat = 0; repeat < repeats + WARM_UP; repeat++) {
    for (const name of Object.keys(spent)) delete spent[name];
    const elapsed = startClock();
    work();
    if (repeat < WARM_UP) continue;
    for (const [name, { wall, cpu }] of Object.entries({ [title]: elapsed(), ...spent })) {
      const list = samples.get(name) ?? { wall: [], cpu: [] };
      samples.set(name, list);
      list.wall.push(wall);
      list.cpu.push(cpu);
    }
  }
  const share = ({ cpu }: Samples) => median(cpu) / median(samples.get(title)!.cpu);
  return [...samples]
    .filter(([, list]) => share(list) >= 0.01)
    .sort(([, a], [, b]) => share(b) - share(a))
    .map(([name, list]) => ({
      name: name === title ? title : `  ${name}`,
      samples: list,
      figures: { share: `${(100 * share(list)).toFixed(1)} %` },
    }));
}

/** The network with the BatchNorm statistics of the last step as running statistics, as if training had continued for long. */
function withStatistics(network: Network<SpikingSpec>, { pass, kernels }: Profiled): Network<SpikingSpec> {
  const parameters: Record<string, Tensor> = { ...network.parameters };
  for (const [layer, at] of Object.entries(pass.statistics)) {
    for (const kind of ["mean", "variance"] as const) {
      const { shape } = parameters[`${layer}.${kind}`];
      parameters[`${layer}.${kind}`] = { shape, data: kernels.floats(at[kind], shape[0]) };
    }
  }
  return { ...network, parameters };
}
