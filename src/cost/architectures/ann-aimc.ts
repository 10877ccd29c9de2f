/**
 * A conventional transformer with its weights on crossbars: inputs are read bit by bit; attention, softmax, LayerNorm and GELU
 * are digital. After X-Former with 8-bit weights in several cells and 8-bit converters, or with our own cells and converters.
 *
 * Interconnect is paid once per output and bit, not once per cell of a weight, because shift-and-add comes first. Left out: row
 * drivers, and the embedding and head for networks that read values once.
 */
import type { Technology } from "../parameters.ts";
import { statedArea } from "../prices/crossbar.ts";
import { layerWires } from "../prices/floorplan.ts";
import {
  addInputs,
  additionEnergy,
  addStatic,
  type Breakdown,
  bufferByte,
  conversionEnergy,
} from "../unit-energies.ts";
import { blockLayers, countMacs, type Layer, oncePerWorkload, outerLayers, type Workload } from "../workload.ts";
import { activationsHeld, countElements, normAndGelu } from "./ann-digital.ts";

/** How a weight is stored and a sum converted. */
export interface HybridCells {
  /** Cells per weight. */
  readonly cells: number;
  readonly adcBits: number;
  /** Local sums are scaled before they are added, after their bits have been combined. */
  readonly scaled: boolean;
}

export const xformerCells = ({ hybridWeightBits, hybridCellBits, hybridAdcBits }: Technology): HybridCells => ({
  cells: hybridWeightBits / hybridCellBits,
  adcBits: hybridAdcBits,
  scaled: false,
});

/** One pair of devices per weight, converted and scaled as in Xpikeformer. */
export const ownCells = ({ adcBits, wholeMachine }: Technology, { scaled }: Workload): HybridCells => ({
  cells: 1,
  adcBits,
  scaled: scaled || wholeMachine === 1,
});

/** Actions of one inference. */
export interface HybridCounts {
  readonly conversions: number;
  /** Joules of the wires of all layers: per conversion, if that of a weight's cells were one. */
  readonly wires: number;
  /** Bits of inputs, one after another at the lines of their crossbars. */
  readonly lines: number;
  readonly cellReads: number;
  readonly scalings: number;
}

export function countHybrid(workload: Workload, technology: Technology, { cells, scaled }: HybridCells): HybridCounts {
  const { rows, hybridInputBits, conversionsPerSum } = technology;
  let conversions = 0;
  let wires = 0;
  let lines = 0;
  let cellReads = 0;
  let scalings = 0;
  for (const { inputs, outputs, vectors, repeat } of hybridLayers(workload)) {
    const reads = repeat * vectors * hybridInputBits * outputs * cells;
    const converted = reads * Math.ceil(inputs / rows) * conversionsPerSum;
    conversions += converted;
    wires += (converted / cells) * wireEnergy({ inputs, outputs }, technology);
    lines += repeat * vectors * hybridInputBits * inputs;
    cellReads += reads * inputs * 0.5;
    if (scaled) scalings += repeat * vectors * outputs * Math.ceil(inputs / rows);
  }
  return { conversions, wires, lines, cellReads, scalings };
}

/** By the size of a layer where the whole machine is priced, as for Xpikeformer. */
const wireEnergy = (layer: Pick<Layer, "inputs" | "outputs">, technology: Technology): number =>
  technology.wholeMachine === 1
    ? layerWires({ ...layer, area: statedArea(technology) }, technology).energy
    : technology.interconnect;

/** Layers on crossbars. */
export const hybridLayers = oncePerWorkload((workload): readonly Layer[] => [
  ...blockLayers(workload),
  ...outerLayers(workload, "values"),
]);

export function annAimc(
  workload: Workload,
  technology: Technology,
  stored: HybridCells = xformerCells(technology),
): Breakdown {
  const { depth, width, heads, expansion, tokens, annScores } = workload;
  const { adcBits, scaled } = stored;
  const { sramWriteFactor: write } = technology;
  const { conversions, wires, cellReads, scalings } = countHybrid(workload, technology, stored);
  const perByte =
    technology.activationTraffic * bufferByte(technology, technology.activationBuffer, activationsHeld(workload));
  const paid = conversions * technology.hybridConversionFactor;
  const words =
    tokens * width * (7 + 2 * expansion) +
    heads * annScores * 2 * (1 + write) +
    2 * tokens * width * Math.ceil(tokens / technology.arrayColumns);
  const parts = addStatic(
    {
      adc: paid * conversionEnergy(technology, adcBits),
      periphery: paid * technology.periphery,
      shiftAndAdd: paid * (technology.accumulation + technology.add16),
      interconnect: wires * technology.hybridConversionFactor,
      ...(scaled && { scaling: scalings * technology.multiply8 }),
      array: cellReads * technology.cellRead,
      attention:
        countMacs(workload).attention * (technology.multiply8 + additionEnergy(technology, technology.accumulatorBits)),
      activations: depth * words * perByte,
      softmax: countElements(workload).softmax * technology.softmaxElement,
      normAndGelu: normAndGelu(workload, technology),
    },
    technology.digitalStaticShare,
  );
  return addInputs(parts, workload, technology);
}
