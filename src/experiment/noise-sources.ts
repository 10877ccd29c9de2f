/**
 * What makes a machine differ from exact arithmetic, one source by one, and the same machine without it: for asking which of them
 * caused an answer. The sampling of attention is part of the network and no source; that its random bytes are shared is one.
 */
import type { HardwareSpec } from "./hardware.ts";
import type { ColumnCircuit } from "./read-out.ts";

export type NoiseSourceId =
  | "levels"
  | "programming"
  | "relaxation"
  | "read"
  | "drift"
  | "spread"
  | "stuck"
  | "wires"
  | "rounding"
  | "converters"
  | "columns"
  | "bytes";

export interface NoiseSource {
  readonly id: NoiseSourceId;
  readonly label: string;
}

interface Entry extends NoiseSource {
  readonly isOn: (hardware: HardwareSpec) => boolean;
  readonly off: (hardware: HardwareSpec) => HardwareSpec;
  /** As `from` has it; null where this machine cannot have it. */
  readonly on: (hardware: HardwareSpec, from: HardwareSpec) => HardwareSpec | null;
  /** A source without which this one has no meaning. */
  readonly needs?: NoiseSourceId;
}

/** A source that is a factor of the device's published statistics. */
const factor = (id: NoiseSourceId, label: string, field: string): Entry => ({
  id,
  label,
  isOn: ({ crossbar: { device } }) => ((device as Record<string, unknown>)[field] ?? 0) !== 0,
  off: (hardware) => withCrossbar(hardware, { device: { ...hardware.crossbar.device, [field]: 0 } }),
  on: (hardware, from) => {
    const { device } = hardware.crossbar;
    // Another kind of device has statistics of its own.
    const value = (from.crossbar.device as Record<string, unknown>)[field];
    return field in device ? withCrossbar(hardware, { device: { ...device, [field]: value } }) : null;
  },
});

const NO_ERRORS = { gainSpread: 0, offsetSpread: 0, outputNoise: 0 };

const ENTRIES: readonly Entry[] = [
  {
    id: "levels",
    label: "few levels of conductance",
    isOn: ({ crossbar }) => crossbar.conductanceBits !== null,
    off: (hardware) => withCrossbar(hardware, { conductanceBits: null }),
    on: (hardware, { crossbar: { conductanceBits } }) => withCrossbar(hardware, { conductanceBits }),
  },
  factor("programming", "programming that misses its aim", "programmingNoise"),
  factor("relaxation", "spread of resistive devices", "noise"),
  factor("read", "noise of reading", "readNoise"),
  factor("drift", "drift", "drift"),
  {
    id: "spread",
    label: "spread between devices",
    isOn: ({ crossbar }) => crossbar.spread > 0,
    off: (hardware) => withCrossbar(hardware, { spread: 0 }),
    on: (hardware, { crossbar: { spread } }) => withCrossbar(hardware, { spread }),
  },
  {
    id: "stuck",
    label: "stuck devices",
    isOn: ({ crossbar: { stuck } }) => stuck.atZero + stuck.atMaximum > 0,
    off: (hardware) => withCrossbar(hardware, { stuck: { atZero: 0, atMaximum: 0 } }),
    on: (hardware, { crossbar: { stuck } }) => withCrossbar(hardware, { stuck }),
  },
  {
    id: "wires",
    label: "resistance of wires",
    isOn: ({ crossbar: { wires } }) => wires.lines + wires.columns > 0,
    off: (hardware) => withCrossbar(hardware, { wires: { lines: 0, columns: 0 } }),
    on: (hardware, { crossbar: { wires } }) => withCrossbar(hardware, { wires }),
  },
  {
    id: "rounding",
    label: "rounding by converters and registers",
    isOn: ({ adc }) => adc.bits !== null,
    // Whole numbers begin at codes and charges, and errors are those of converters.
    off: (hardware) => ({
      ...hardware,
      adc: { ...hardware.adc, bits: null, errors: NO_ERRORS },
      readOut: { ...hardware.readOut, attentionInput: "converter", feedForwardUp: "converter" },
      arithmetic: null,
    }),
    on: (hardware, { adc: { bits }, readOut, arithmetic }) => ({
      ...hardware,
      adc: { ...hardware.adc, bits },
      readOut: { ...readOut, circuit: hardware.readOut.circuit },
      arithmetic,
    }),
  },
  {
    id: "converters",
    label: "converters that differ, with their rounding",
    needs: "rounding",
    isOn: ({ adc: { errors } }) => errors.gainSpread + errors.offsetSpread + errors.outputNoise > 0,
    off: (hardware) => ({ ...hardware, adc: { ...hardware.adc, errors: NO_ERRORS } }),
    on: (hardware, { adc: { errors } }) =>
      hardware.adc.bits === null ? null : { ...hardware, adc: { ...hardware.adc, errors } },
  },
  {
    id: "columns",
    label: "comparators and capacitors that differ",
    needs: "rounding",
    isOn: (hardware) => decides(hardware) && errs(hardware.readOut.circuit),
    off: (hardware) => withCircuit(hardware, IDEAL_CIRCUIT),
    on: (hardware, { readOut: { circuit } }) => (decides(hardware) ? withCircuit(hardware, circuit) : null),
  },
  {
    id: "bytes",
    label: "shared random bytes",
    isOn: ({ ssa }) => ssa.random === "lfsr",
    off: (hardware) => ({ ...hardware, ssa: { ...hardware.ssa, random: "ideal" } }),
    on: (hardware) => ({ ...hardware, ssa: { ...hardware.ssa, random: "lfsr" } }),
  },
];

/** The sources that are at work in a machine. */
export const noiseSources = (hardware: HardwareSpec): NoiseSource[] =>
  ENTRIES.filter(({ isOn }) => isOn(hardware)).map(nameOf);

/** The machine without some of its sources. */
export const withoutNoise = (hardware: HardwareSpec, ids: readonly NoiseSourceId[]): HardwareSpec =>
  ENTRIES.filter(({ id, isOn }) => ids.includes(id) && isOn(hardware)).reduce(
    (quieter, { off }) => off(quieter),
    hardware,
  );

/** The machine with one of its sources alone; null: with none. */
export function withNoiseAlone(hardware: HardwareSpec, id: NoiseSourceId | null): HardwareSpec {
  const kept = [id, ENTRIES.find((entry) => entry.id === id)?.needs];
  return withoutNoise(
    hardware,
    noiseSources(hardware)
      .map((source) => source.id)
      .filter((other) => !kept.includes(other)),
  );
}

/** Sources of `from` that this machine lacks, and could have. */
export const missingNoise = (hardware: HardwareSpec, from: HardwareSpec): NoiseSource[] =>
  ENTRIES.filter(({ isOn, on }) => isOn(from) && !isOn(hardware) && on(hardware, from) !== null).map(nameOf);

/** The machine with a source as `from` has it. Returns it as it is where it cannot have it. */
export const withNoiseOf = (hardware: HardwareSpec, from: HardwareSpec, id: NoiseSourceId): HardwareSpec =>
  ENTRIES.find((entry) => entry.id === id)!.on(hardware, from) ?? hardware;

const nameOf = ({ id, label }: Entry): NoiseSource => ({ id, label });

const decides = ({ readOut: { attentionInput, feedForwardUp } }: HardwareSpec): boolean =>
  [attentionInput, feedForwardUp].some((kind) => kind !== "converter");

const IDEAL_CIRCUIT = { capacitor: null, offset: 0, noise: 0, mismatch: 0, leakage: null, settling: null };

const errs = (circuit: ColumnCircuit): boolean =>
  Object.entries(IDEAL_CIRCUIT).some(([field, ideal]) => circuit[field as keyof ColumnCircuit] !== ideal);

const withCircuit = (hardware: HardwareSpec, change: Partial<ColumnCircuit>): HardwareSpec => ({
  ...hardware,
  readOut: { ...hardware.readOut, circuit: { ...hardware.readOut.circuit, ...change } },
});

const withCrossbar = (hardware: HardwareSpec, change: Partial<HardwareSpec["crossbar"]>): HardwareSpec => ({
  ...hardware,
  crossbar: { ...hardware.crossbar, ...change },
});
