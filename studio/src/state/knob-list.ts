/** Knobs of the machine: each reads a field of the experiment, and writes the document of one with another value. */
import { type Experiment, missingNoise } from "xpikeformer";
import { RECOMMENDED_FORMATS } from "xpikeformer/internal";
import { ageName } from "../words.ts";

export interface Knob {
  readonly label: string;
  /** A short explanation. */
  readonly help: string;
  readonly read: (experiment: Experiment) => string;
  readonly choices: readonly (readonly [value: string, name: string])[];
  /** `opened` is the experiment as it was opened. */
  readonly write: (experiment: Experiment, value: string, opened: Experiment) => unknown;
  /** Whether the experiment has this knob. Default: every experiment has. */
  readonly isOf?: (experiment: Experiment) => boolean;
}

const numbers = (values: readonly number[]) => values.map((value) => [String(value), String(value)] as const);

/** A field that is a number, or null for none. */
const toNumber = (value: string): number | null => (value === "none" ? null : Number(value));
const fromNumber = (value: number | null): string => (value === null ? "none" : String(value));

const withHardware = (given: Experiment, change: object): object => ({
  ...given,
  hardware: { ...given.hardware, ...change },
});
const withCrossbar = (given: Experiment, change: object): object =>
  withHardware(given, { crossbar: { ...given.hardware.crossbar, ...change } });
const withAdc = (given: Experiment, change: object): object =>
  withHardware(given, { adc: { ...given.hardware.adc, ...change } });

/** The machine with another device. */
export const withDevice = (given: Experiment, device: object): object => withCrossbar(given, { device });

/** The knob that also takes measured curves. */
export const DEVICE = "Device";

/** Each bit less doubles the worth of a code step. At 2 bits it exceeds the 12 bits of the usual factor registers. */
const [FEW_BITS, WIDE_FACTOR] = [3, 16];

export const KNOBS: readonly Knob[] = [
  {
    label: "ADC bits",
    help: "resolution of a column's current; up to 3, column factors take 16 bits",
    choices: [...numbers([2, 3, 4, 5, 6, 7, 8]), ["none", "exact currents"]],
    read: ({ hardware: { adc } }) => fromNumber(adc.bits),
    // Integer arithmetic begins at the codes. Without codes, the machine computes in floating point.
    write: (given, value, { hardware }) => {
      const bits = toNumber(value);
      const formats = given.hardware.arithmetic ?? hardware.arithmetic ?? RECOMMENDED_FORMATS;
      const { factorBits } = hardware.arithmetic ?? RECOMMENDED_FORMATS;
      const arithmetic = bits && { ...formats, factorBits: bits <= FEW_BITS ? WIDE_FACTOR : factorBits };
      return withHardware(given, { adc: { ...given.hardware.adc, bits }, arithmetic });
    },
  },
  {
    label: "Conversions per pair",
    help: "of the plus and minus currents of a column",
    choices: [
      ["differential", "one, of the difference"],
      ["pair", "two, one per current"],
    ],
    read: ({ hardware: { adc } }) => adc.mode,
    write: (given, mode) => withAdc(given, { mode }),
  },
  {
    label: "Columns per ADC",
    help: "take turns: fewer ADCs, more time",
    choices: numbers([1, 2, 4, 8, 16, 32]),
    read: ({ hardware: { adc } }) => String(adc.sharing),
    write: (given, value) => withAdc(given, { sharing: Number(value) }),
  },
  {
    label: "Rows per crossbar",
    help: "word lines, driven by spikes",
    choices: numbers([32, 64, 128, 256]),
    read: ({ hardware: { crossbar } }) => String(crossbar.rows),
    write: (given, value) => withCrossbar(given, { rows: Number(value) }),
  },
  {
    label: "Rows per input",
    help: "first layer only: averages errors, needs more crossbars",
    choices: numbers([1, 2, 3, 4, 6, 8, 16]),
    read: ({ hardware: { crossbar } }) => String(crossbar.linesPerInput),
    write: (given, value) => withCrossbar(given, { linesPerInput: Number(value) }),
  },
  {
    label: "Time steps",
    help: "more steps: fewer errors, more time and energy",
    choices: numbers([1, 2, 3, 4, 6, 8, 10, 12, 16]),
    read: ({ model }) => (model.kind === "ann" ? "" : String(model.steps)),
    write: (given, value) => ({ ...given, model: { ...given.model, steps: Number(value) } }),
  },
  {
    label: "Copies of the query",
    help: "test-time repetition: fewer errors, one more token each",
    choices: numbers([1, 2, 4, 8, 16]),
    isOf: ({ task }) => task.kind === "symbol-detection",
    read: ({ task }) => {
      const copies = task.kind === "symbol-detection" ? (task.queryCopies ?? 1) : "";
      return typeof copies === "object" ? "" : String(copies);
    },
    write: (given, value) => ({ ...given, task: { ...given.task, queryCopies: Number(value) } }),
  },
  {
    label: DEVICE,
    help: "stores the weights",
    choices: [
      ["pcm", "phase-change memory"],
      ["hermes", "phase-change, HERMES chip"],
      ["reram", "resistive memory, NeuRRAM chip"],
      ["ideal", "ideal"],
    ],
    read: ({ hardware: { crossbar } }) => crossbar.device.kind,
    write: (given, kind) => withDevice(given, { kind }),
  },
  {
    label: "Devices per conductance",
    help: "in parallel: averages errors, needs more cells",
    choices: numbers([1, 2, 3, 4, 6, 8]),
    read: ({ hardware: { crossbar } }) => String(crossbar.parallelDevices),
    write: (given, value) => withCrossbar(given, { parallelDevices: Number(value) }),
  },
  {
    label: "Bits per device",
    help: "programmable levels",
    choices: [...numbers([1, 2, 3, 4, 5, 6]), ["none", "continuous"]],
    read: ({ hardware: { crossbar } }) => fromNumber(crossbar.conductanceBits),
    write: (given, value) => withCrossbar(given, { conductanceBits: toNumber(value) }),
  },
  {
    label: "Drift compensation",
    help: "one factor for each of these",
    choices: [
      ["none", "none"],
      ["crossbar", "per crossbar"],
      ["tile", "per tile"],
      ["column", "per column"],
    ],
    read: ({ hardware: { compensation } }) => compensation.scope,
    write: (given, scope) => withHardware(given, { compensation: { ...given.hardware.compensation, scope } }),
  },
];

/** The knobs that an experiment has. */
export const knobsOf = (given: Experiment): readonly Knob[] => KNOBS.filter(({ isOf }) => isOf?.(given) ?? true);

/** How a machine differs from another, in words: `ADC bits: 6`, `1 year old`, `without drift`. */
export function differencesFrom(from: Experiment, given: Experiment): string[] {
  const found = knobsOf(given).flatMap(({ label, read, choices }) => {
    const value = read(given);
    return value === read(from) ? [] : [`${label}: ${choices.find(([choice]) => choice === value)?.[1] ?? value}`];
  });
  const { readTime } = given.hardware;
  if (readTime !== from.hardware.readTime) found.push(`${ageName(readTime)} old`);
  for (const { label } of missingNoise(given.hardware, from.hardware)) found.push(`without ${label}`);
  if (given.seed !== from.seed) found.push(`on the prompts and chips of seed ${given.seed}`);
  return found;
}
