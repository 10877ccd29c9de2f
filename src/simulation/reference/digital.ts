/**
 * The digital side of the functional simulator: offsets, positions, neurons, and the storage of stream and logits. Nothing
 * saturates in single precision; in whole numbers registers do (`hardware/integer-arithmetic.ts`).
 */
import type { ArithmeticSpec } from "../../experiment/arithmetic.ts";
import type { ActionTally } from "../../hardware/actions.ts";
import { type FittedRegister, integerLifConstants, saturate } from "../../hardware/integer-arithmetic.ts";
import { runIntegerLifUnits } from "../../hardware/integer-lif.ts";
import { neuronUnits } from "../../hardware/lif.ts";
import { signedRange } from "../../hardware/lif-parameters.ts";
import type { NeuronProbe } from "../../hardware/neuron-probe.ts";
import type { LayerMapping } from "../../mapping/mapping.ts";
import type { SpikeTrain } from "../../spike/train.ts";
import { type Chip, unitNeuron } from "../chip.ts";
import { type ColumnRegisters, columnRegisters, integerOffsets, integerPosition } from "../integers.ts";

export interface DigitalSide {
  /** Value of the last bit of a number: 1 in single precision, where numbers have their own value. */
  readonly unit: number;
  /** Offsets of a layer, by output. */
  offsets(layer: string): Float32Array;
  /** Position vectors `[tokens, width]` of an operation. */
  positions(operation: string): Float32Array;
  /** Registers of a crossbar's columns, if the neurons behind the layer take its codes; null if sums are scaled. */
  columns(layer: LayerMapping): ColumnRegisters | null;
  /** A layer of LIF units, `[T][rows][features]`; thresholds by column if it has its own. */
  fire(
    operation: string,
    currents: Float32Array,
    shape: { readonly steps: number; readonly rows: number; readonly features: number },
    tally: ActionTally,
    thresholds: Float32Array | null,
    probe?: NeuronProbe,
  ): { readonly train: SpikeTrain; readonly saturated: number };
  /** Saturates numbers to the range of their register. Returns how many are out of it. State: `values`. */
  hold(register: Exclude<FittedRegister, "membrane">, values: Float32Array): number;
}

export const digitalSide = (chip: Chip): DigitalSide =>
  chip.hardware.arithmetic === null ? singlePrecision(chip) : wholeNumbers(chip, chip.hardware.arithmetic);

function singlePrecision({ network }: Chip): DigitalSide {
  const { parameters } = network;
  return {
    unit: 1,
    offsets: (layer) => parameters[`${layer}.offset`].data,
    positions: (operation) => parameters[operation].data,
    columns: () => null,
    fire: (operation, currents, shape, tally, _, probe) => ({
      train: neuronUnits(unitNeuron(network, operation))(currents, shape, tally, probe),
      saturated: 0,
    }),
    hold: () => 0,
  };
}

function wholeNumbers(chip: Chip, arithmetic: ArithmeticSpec): DigitalSide {
  return {
    unit: 2 ** -arithmetic.fractionBits,
    offsets: (layer) => integerOffsets(chip, layer, arithmetic),
    positions: (operation) => integerPosition(chip, operation, arithmetic),
    columns: (layer) => columnRegisters(chip, layer, arithmetic),
    fire: (operation, currents, shape, tally, thresholds, probe) => {
      const constants = integerLifConstants(unitNeuron(chip.network, operation), arithmetic);
      return runIntegerLifUnits(currents, shape, constants, tally, thresholds, probe);
    },
    hold: (register, values) => saturate(values, signedRange(arithmetic[`${register}Bits`])),
  };
}
