/**
 * A conventional transformer with its weights on crossbars, after X-Former: 8-bit inputs bit by bit, 8-bit weights in
 * several cells, 8-bit converters; attention, softmax, LayerNorm and GELU digital.
 *
 * Interconnect is paid once per output and bit, not once per cell of a weight, because shift-and-add comes first. Row
 * drivers are left out, as are embedding and head where values enter once.
 */
import type { Technology } from "../parameters.ts";
import { blockLayers, countMacs, outerLayers, type Workload } from "../workload.ts";
import { normAndGelu } from "./ann-digital.ts";
import { additionEnergy, addStatic, type Breakdown, conversionEnergy, sramByte } from "./energy.ts";

export function annAimc(workload: Workload, technology: Technology): Breakdown {
  const { depth, width, heads, expansion, tokens, annScores } = workload;
  const { rows, hybridInputBits, conversionsPerSum, sramWriteFactor: write } = technology;
  const cells = technology.hybridWeightBits / technology.hybridCellBits;
  let conversions = 0;
  let cellReads = 0;
  const layers = [...blockLayers(workload), ...outerLayers(workload, workload.annInputs)];
  for (const { inputs, outputs, vectors, repeat } of layers) {
    const reads = repeat * vectors * hybridInputBits * outputs * cells;
    conversions += reads * Math.ceil(inputs / rows) * conversionsPerSum;
    cellReads += reads * inputs * 0.5;
  }
  const perByte = technology.activationTraffic * sramByte(technology, technology.activationBuffer);
  const paid = conversions * technology.hybridConversionFactor;
  const stored =
    tokens * width * (7 + 2 * expansion) +
    heads * annScores * 2 * (1 + write) +
    2 * tokens * width * Math.ceil(tokens / technology.arrayColumns);
  return addStatic(
    {
      adc: paid * conversionEnergy(technology, technology.hybridAdcBits),
      periphery: paid * technology.periphery,
      shiftAndAdd: paid * (technology.accumulation + technology.add16),
      interconnect: (paid / cells) * technology.interconnect,
      array: cellReads * technology.cellRead,
      attention:
        countMacs(workload).attention * (technology.multiply8 + additionEnergy(technology, technology.accumulatorBits)),
      activations: depth * stored * perByte,
      softmax: depth * heads * annScores * technology.softmaxElement,
      normAndGelu: normAndGelu(workload, technology),
    },
    technology.digitalStaticShare,
  );
}
