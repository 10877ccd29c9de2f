/** Collects the operations of a graph in the order in which they run; each call returns the name of the value that it writes. */
import type { SpikingSpec } from "../experiment/model.ts";
import type { LinearOperation } from "./linear.ts";
import type { Operation } from "./operations.ts";

/** An operation without the fields that `add` fills in. */
type Added<O = Operation> = O extends Operation ? Omit<O, "block" | "reads"> : never;

export type Add = (operation: Added, ...reads: string[]) => string;

export interface Collector {
  readonly operations: readonly Operation[];
  readonly add: Add;
  /** Operations from here on belong to a block, or to none. */
  enter(block: number | null): void;
}

export function collect(): Collector {
  const operations: Operation[] = [];
  let block: number | null = null;
  return {
    operations,
    add(operation, ...reads) {
      operations.push({ ...operation, block, reads } as Operation);
      return operation.writes;
    },
    enter(next) {
      block = next;
    },
  };
}

export interface SpikingCollector extends Collector {
  /** A linear layer and its BatchNorm, or none without an initial gain; its currents are the result. */
  linear(name: string, inputs: number, outputs: number, from: string, initialGain?: number | null): string;
  /** Neurons of the model. */
  fire(name: string, from: string): string;
}

export function spikingCollector({
  neuron,
  surrogate,
  normalisation,
}: Pick<SpikingSpec, "neuron" | "surrogate" | "normalisation">): SpikingCollector {
  const collector = collect();
  const { add, operations } = collector;
  return {
    ...collector,
    linear(name, inputs, outputs, from, initialGain = 1) {
      const isNormalised = normalisation === "batch" && initialGain !== null;
      const currents = `${name}.currents`;
      const layer = {
        kind: "linear" as const,
        name,
        writes: isNormalised ? `${name}.product` : currents,
        inputs,
        outputs,
        scale: 1,
        hasOffset: !isNormalised,
        widths: null,
      };
      add(layer, from);
      if (!isNormalised) return currents;
      const operation = operations.at(-1) as LinearOperation;
      return add({ kind: "batch-normalisation", name, writes: currents, layer: operation, initialGain }, layer.writes);
    },
    fire: (name, from) => add({ kind: "neurons", name, writes: name, neuron, surrogate }, from),
  };
}
