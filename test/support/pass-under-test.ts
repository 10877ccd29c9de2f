/** A pass on a backend, with its parameters in memory and zero gradients. */
import type { SpikingSpec } from "../../src/experiment/model.ts";
import { type Place, reserveTally } from "../../src/kernels/arena.ts";
import { bindNetwork, type SpikingPass } from "../../src/kernels/network-pass.ts";
import { outputNoiseOf } from "../../src/kernels/operations/linear.ts";
import type { ReadOps } from "../../src/kernels/ops.ts";
import type { Pass, PassOptions } from "../../src/kernels/pass.ts";
import { type PassLayout, planNetwork } from "../../src/kernels/pass-plan.ts";
import type { TrainingOps } from "../../src/kernels/training-ops.ts";
import type { Network } from "../../src/model/network.ts";
import type { Backend } from "./backends.ts";

export interface PassUnderTest<P extends Pass, O = TrainingOps & ReadOps> {
  readonly ops: O;
  readonly pass: P;
  /** A step of the pass, and its loss. */
  step(prompts: number, scale: number): Promise<number>;
  readonly layout: PassLayout;
  readonly gradient: Readonly<Record<string, Place>>;
}

/** `columnNoise` is the share of every column, for noise by column. */
export type PassUnderTestOptions = Partial<PassOptions> & { readonly columnNoise?: number | undefined };

type Options = Pick<PassOptions, "maxPrompts" | "training"> & PassUnderTestOptions;

export function createPass<O extends TrainingOps>(
  backend: Backend<O>,
  network: Network<SpikingSpec>,
  options: Options,
): PassUnderTest<SpikingPass, O>;
export function createPass<O extends TrainingOps>(
  backend: Backend<O>,
  network: Network,
  options: Options,
): PassUnderTest<Pass, O>;
export function createPass<O extends TrainingOps>(
  backend: Backend<O>,
  network: Network,
  options: Options,
): PassUnderTest<Pass, O> {
  const { ops, arena } = backend.create(8 << 20);
  const value: Record<string, Place> = {};
  const gradient: Record<string, Place> = {};
  for (const [name, { data }] of Object.entries(network.parameters)) {
    value[name] = arena.words(data.length);
    gradient[name] = arena.words(data.length);
    ops.write(value[name], data);
    ops.fill(gradient[name], data.length, 0);
  }
  if (options.columnNoise !== undefined) {
    for (const [name, { shape }] of Object.entries(network.parameters)) {
      if (!name.endsWith(".weight")) continue;
      const at = arena.words(shape[1]);
      ops.fill(at, shape[1], options.columnNoise);
      value[outputNoiseOf(name.slice(0, -".weight".length))] = at;
    }
  }
  const layout = planNetwork(arena, network, { attention: "sampled", realInputs: false, ...options });
  const pass = bindNetwork(ops, layout, { value, gradient: options.training ? gradient : null });
  const tally = reserveTally(arena, pass.tallies);
  const step = async (prompts: number, scale: number) => {
    ops.clearTallies(tally, pass.tallies);
    pass.step(prompts, scale, tally);
    return pass.loss(await ops.sums(tally, pass.tallies), prompts);
  };
  return { ops, pass, layout, gradient, step };
}
