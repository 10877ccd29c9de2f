/** The machine for which a workload is priced: its experiment's, or the defaults, overridden by sizes that a technology sets. */
import { type HardwareSpec, hardwareSpec } from "../experiment/hardware.ts";
import { timingOf } from "../hardware/timing.ts";
import { coreOf, type MachineCore } from "../machine/machine.ts";
import type { NetworkShape } from "../machine/shape.ts";
import { PARAMETERS, type ParameterId, type Technology } from "./parameters.ts";
import { analogTimes } from "./prices/clocks.ts";
import type { Price } from "./receipt.ts";
import type { Workload } from "./workload.ts";

const DEFAULTS = hardwareSpec.parse({});

/**
 * Its timing is explicit: the hardware's own, or what the times of the technology require. A machine for simulation or RTL is the
 * same one with this timing.
 */
export function hardwareFor(workload: Pick<Workload, "hardware" | "embedRows">, technology: Technology): HardwareSpec {
  const { crossbar, adc, ssa, ...rest } = workload.hardware ?? DEFAULTS;
  const { rows, columns, columnsPerConverter, conversionsPerSum, adcBits, ssaTiles, ssaClock } = technology;
  const hardware: HardwareSpec = {
    ...rest,
    crossbar: { ...crossbar, rows, columns, embedRows: workload.embedRows },
    adc: {
      ...adc,
      bits: adcBits,
      sharing: columnsPerConverter,
      mode: conversionsPerSum === 2 ? "pair" : "differential",
    },
    ssa: { ...ssa, tiles: ssaTiles },
  };
  return { ...hardware, timing: { ...timingOf(hardware, analogTimes(technology)), clock: ssaClock } };
}

interface FixedSize {
  readonly id: ParameterId;
  /** Of `hardware`. */
  readonly field: string;
  /** Null if the hardware leaves it to the preset. */
  readonly of: (hardware: HardwareSpec) => number | null;
}

/** Parameters of a technology that a machine determines. */
const FIXED: readonly FixedSize[] = [
  { id: "rows", field: "crossbar.rows", of: ({ crossbar }) => crossbar.rows },
  { id: "columns", field: "crossbar.columns", of: ({ crossbar }) => crossbar.columns },
  { id: "columnsPerConverter", field: "adc.sharing", of: ({ adc }) => adc.sharing },
  { id: "conversionsPerSum", field: "adc.mode", of: ({ adc }) => (adc.mode === "pair" ? 2 : 1) },
  { id: "ssaTiles", field: "ssa.tiles", of: ({ ssa }) => ssa.tiles },
  { id: "inferenceRate", field: "rate", of: ({ rate }) => rate },
  { id: "adcBits", field: "adc.bits", of: ({ adc }) => adc.bits },
  { id: "ssaClock", field: "timing.clock", of: ({ timing }) => timing?.clock ?? null },
];

/** Sizes that a machine determines, by parameter: at most one tile per head, unless `ssa.tiles` says otherwise. */
export function hardwarePrices(
  { ssa, ...rest }: HardwareSpec,
  { heads }: { readonly heads: number },
): Record<string, Price> {
  const hardware = { ...rest, ssa: { ...ssa, tiles: Math.min(heads, ssa.tiles ?? heads) } };
  const prices: Record<string, Price> = {};
  for (const { id, field, of } of FIXED) {
    const value = of(hardware);
    if (value === null) continue;
    prices[id] = {
      id: `machine.${id}`,
      source: "machine",
      value,
      low: value,
      high: value,
      node: null,
      unit: PARAMETERS[id].unit,
      basis: "printed",
      printed: `hardware.${field}`,
      arithmetic: "as it says",
      note: null,
    };
  }
  return prices;
}

/** The technology with the sizes of a hardware, as read by `hardwareFor`. */
export const sizedFor = (hardware: HardwareSpec, technology: Technology): Technology => ({
  ...technology,
  ...Object.fromEntries(FIXED.map(({ id, of }) => [id, of(hardware) ?? technology[id]])),
});

/** What is counted for a workload. */
export const coreFor = (workload: Workload, technology: Technology): MachineCore =>
  coreOf(hardwareFor(workload, technology), shapeFor(workload, technology));

/** The shape of a workload's network, with numbers instead of spikes if a technology prices those. */
export const shapeFor = (workload: Workload, { residualInputBits }: Technology): NetworkShape =>
  residualInputBits === 1 ? workload : { ...workload, residualInputBits };
