/** The machine: crossbars with their devices and converters, and the stochastic spiking attention (SSA) engine. */
import { z } from "zod";
import { arithmeticSpec } from "./arithmetic.ts";
import { compensationSpec } from "./compensation.ts";
import { converterErrorSpec } from "./converter-errors.ts";
import { deviceSpec, layerFields } from "./device.ts";
import { hasConverterErrors } from "./erring-converters.ts";
import { onceValid } from "./once-valid.ts";

const wireSpec = z.strictObject({
  /** Ohms of an input line from one column to the next. */
  lines: z.number().min(0).max(1000).default(0),
  /** Ohms of a result line from one row to the next. */
  columns: z.number().min(0).max(1000).default(0),
});

export const crossbarSpec = z
  .strictObject({
    /** Input lines of one crossbar. Table II: 128. */
    rows: z.int().min(1).max(4096).default(128),
    /**
     * Lines that the embedding uses of one crossbar; `null`: all. Its inputs are dense, which takes a wide converter range, and often
     * the same at every time step, so that its conversion errors do not average out: spread over more crossbars, each has a finer step.
     */
    embedRows: z.int().min(1).max(4096).nullable().default(null),
    /**
     * How far apart in its input the lines lie that the first layer has side by side on a crossbar. With as many as a value takes
     * lines, such as `task.thresholds`, a crossbar has one threshold of neighbouring values instead of all of one value: on even
     * patches weights of both signs cancel, columns swing by less, and each code is a finer step (docs/hardware.md). 1: in the order of
     * the input.
     */
    inputStride: z.int().min(1).max(256).default(1),
    /**
     * Lines that carry each input of the first layer, all lines of the layer so many times over; each has a share of its input's weights.
     * Errors of n devices, and of n conversions, average, for n times as many crossbars (docs/hardware.md).
     */
    linesPerInput: z.int().min(1).max(16).default(1),
    /** Output columns (differential pairs) of one crossbar. Table II: 128. */
    columns: z.int().min(1).max(4096).default(128),
    /** Bits of each device of a pair: 4 bits give 31 signed levels. Table II: 4. `null` is continuous. */
    conductanceBits: z.int().min(1).max(12).nullable().default(4),
    /** Quantile of |w| that maps to the largest conductance; larger weights are clipped. */
    clippingQuantile: z.number().gt(0.5).max(1).default(1),
    /**
     * What shares one scale from weights to conductances: the whole `crossbar`, or each `column`, whose errors are then small
     * beside its own weights; the first author's simulations scale by column. Either way every local sum is scaled digitally, by
     * one factor per crossbar or per column.
     */
    scaling: z.enum(["crossbar", "column"]).default("column"),
    /** The memory cell. */
    device: deviceSpec.prefault({}),
    /**
     * After programming, `physical`: both devices of a pair drift and make read noise; `aihwkit`: their difference is converted to a
     * new pair first, as IBM's simulator does.
     */
    pairs: z.enum(["physical", "aihwkit"]).default("physical"),
    ...layerFields,
    /** Resistance of the wires (IR drop), per cell. IBM's aihwkit assumes 0.35 ohms. */
    wires: wireSpec.prefault({}),
  })
  .refine(({ pairs, parallelDevices }) => pairs === "physical" || parallelDevices === 1, {
    ...onceValid,
    error:
      "IBM's simulator keeps one device of a pair, so that aihwkit pairs cannot have several for a conductance. Set parallelDevices to 1, " +
      "or pairs to `physical`.",
    path: ["parallelDevices"],
  });

export const adcSpec = z
  .strictObject({
    /** Bits of one conversion. Table II: 5. `null` reads the exact current. */
    bits: z.int().min(1).max(16).nullable().default(5),
    /**
     * Columns that share one converter. Table II: 8; with 2 a network answers three times as often for less energy (experiments/machines).
     */
    sharing: z.int().min(1).max(128).default(2),
    /**
     * `pair`: both lines of a pair are converted and subtracted digitally, as the paper draws it; `differential`: one signed conversion.
     */
    mode: z.enum(["pair", "differential"]).default("differential"),
    /** Full scale is this quantile of the column currents seen on calibration prompts, per crossbar. */
    rangeQuantile: z.number().gt(0.5).max(1).default(0.9995),
    /**
     * Full scale of every converter, at any age, as a number of lines at the largest conductance; `null`: each crossbar's is measured
     * on calibration prompts, as `rangeQuantile` says.
     */
    fullScale: z.number().positive().max(4096).nullable().default(null),
    /**
     * Offset correction: every converter is read with no line driven, and trimmed by what it puts out. `null`: none. Customary on chips,
     * whose converters are many and small.
     */
    trim: z
      .strictObject({
        /** Bits of a trim, with its sign, in eighths of a code step: 6 bits reach 3.9 steps. */
        bits: z.int().min(2).max(12).default(6),
        /** Reads of every converter, whose codes are averaged. */
        reads: z.int().min(8).max(65_536).multipleOf(8).default(64),
      })
      .nullable()
      .default(null),
    /** How converters differ from each other, and from one conversion to the next. */
    errors: converterErrorSpec.prefault({}),
  })
  .refine((adc) => adc.mode === "pair" || adc.bits !== 1, {
    ...onceValid,
    error:
      "1 bit is too few: a differential conversion needs a sign and at least one bit of magnitude. Use 2 bits or more.",
    path: ["bits"],
  })
  .refine((adc) => adc.bits !== null || !hasConverterErrors(adc.errors), {
    ...onceValid,
    error:
      "Converters without bits pass the exact current, to which errors in code steps do not apply. Give them bits, such as 5, or " +
      "leave the errors at 0.",
    path: ["errors"],
  })
  .refine((adc) => adc.bits !== null || adc.trim === null, {
    ...onceValid,
    error:
      "Converters without bits pass the exact current and have no offset to trim. Give them bits, such as 5, or leave trim null.",
    path: ["trim"],
  });

export const lfsrSpec = z.strictObject({
  /** Feedback mask of the Galois register, shifting right; a primitive polynomial. 0xb4bcd35c: Maxim application note 4400. */
  polynomial: z
    .string()
    .regex(/^0x[0-9a-fA-F]{1,8}$/, "a 32-bit mask in hexadecimal, such as 0xb4bcd35c")
    .default("0xb4bcd35c"),
  /**
   * Which bytes a cell and a column's foot compare with; `hardware/draws.ts` explains the patterns. `column-row` has nearly the error of
   * independent bytes for every `cell` with a fraction of the registers; `row` spares the gates in cells, but all queries err together;
   * `column` and `single` bias attention (experiments/random-numbers).
   */
  sharing: z.enum(["column-row", "row", "column", "cell", "single"]).default("column-row"),
  /** `tile`: every head has registers of its own; `engine`: all heads of a block use the same numbers. */
  scope: z.enum(["tile", "engine"]).default("tile"),
  /** One-bit shifts per clock. With 8, neighbouring features see bytes that share no bits; no answer measured so far needs that. */
  shiftsPerClock: z.int().min(1).max(32).default(1),
});

export const ssaSpec = z.strictObject({
  /** `ideal` draws exact Bernoulli bits from a counter-based stream; `lfsr` models the shared 32-bit LFSRs, bytes tapped. */
  random: z.enum(["ideal", "lfsr"]).default("lfsr"),
  /** The shift registers, where `random` is `lfsr`. */
  lfsr: lfsrSpec.prefault({}),
  /** Tiles of the engine, which take the heads in turn where they are fewer. `null`: one for each head, as in the paper. */
  tiles: z.int().min(1).max(64).nullable().default(null),
  /** Tokens that a tile holds (the paper: 16 to 128); more take several passes. `null`: as many as the task has. */
  tileTokens: z.int().min(1).max(1024).nullable().default(null),
  /** Largest random number: `exact`, d_K in cells and N at columns' feet, or the next `power-of-two`, which lowers the rates. */
  normaliser: z.enum(["exact", "power-of-two"]).default("exact"),
  /** Bits of a cell's counter. The paper: 8. `null`: as many as d_K needs. */
  counterBits: z.int().min(1).max(16).nullable().default(null),
  /** A counter that is too narrow for d_K is refused, or stops at its largest value. */
  counterOverflow: z.enum(["refuse", "saturate"]).default("refuse"),
  /**
   * A FIFO for V in every cell, as the paper draws it, or one per row, whose cells all need the same bit, which costs less
   * (experiments/machines).
   */
  fifo: z.enum(["cell", "row"]).default("row"),
});

const hardwareFields = z.strictObject({
  /** Arrays of memory cells, which hold the weights of linear layers. */
  crossbar: crossbarSpec.prefault({}),
  /**
   * Crossbars on the chip. `null`: as many as the network needs. With fewer, the chip is loaded several times in one inference,
   * each time with the tiles that come next; every load programs its crossbars anew.
   */
  crossbars: z.int().min(1).max(1_000_000).nullable().default(null),
  /** Converters at the crossbars' columns. */
  adc: adcSpec.prefault({}),
  /** The engine of AND gates and counters that computes attention. */
  ssa: ssaSpec.prefault({}),
  /**
   * Which input vectors a layer takes first. `token-major`: all time steps of a token, then the next token, so that a LIF unit keeps the
   * membranes of one token in registers, and attention waits for the last token. `step-major`: all tokens of a time step, so that
   * attention works beside the crossbars, and the membranes of all tokens stand in SRAM. Answers are the same.
   */
  order: z.enum(["token-major", "step-major"]).default("token-major"),
  /** Bytes of SRAM for spikes, residual stream and membranes. `null`: as many as one inference needs. */
  sram: z
    .int()
    .min(1)
    .max(2 ** 40)
    .nullable()
    .default(null),
  /**
   * Whole numbers from the lines of a crossbar to the answer, as a machine has them; left out, in the recommended formats. `null`: floating
   * point, which no machine has.
   */
  arithmetic: arithmeticSpec.nullable().prefault({}),
  /** Seconds between programming and use, such as 3600 for an hour or 31536000 for a year. */
  readTime: z.number().min(0).max(1e10).default(1),
  /** Global drift compensation: outputs are scaled back to their size just after programming. */
  compensation: compensationSpec.prefault({}),
  /**
   * What ranges of converters and factors of compensation are measured with. `currents`: exact currents, as an instrument beside the chip
   * reads them; `codes`: the codes of the chip's own converters, with their errors. `compensation.readout` is of currents.
   */
  calibration: z.enum(["currents", "codes"]).default("currents"),
  /** Independently programmed chips to simulate. */
  chips: z.int().min(1).max(1000).default(10),
});

export const hardwareSpec = hardwareFields.refine(
  ({ calibration, adc }) => calibration === "currents" || (adc.bits !== null && adc.fullScale === null),
  {
    ...onceValid,
    error:
      "A chip that calibrates itself turns the reference of converters and looks at their codes, so they need bits (adc.bits) and no " +
      "fixed full scale (adc.fullScale null). Set these, or calibration to `currents`.",
    path: ["calibration"],
  },
);

export type WireSpec = z.infer<typeof wireSpec>;
export type CrossbarSpec = z.infer<typeof crossbarSpec>;
export type AdcSpec = z.infer<typeof adcSpec>;
export type LfsrSpec = z.infer<typeof lfsrSpec>;
export type SsaSpec = z.infer<typeof ssaSpec>;
export type HardwareSpec = z.infer<typeof hardwareSpec>;
export type LoopOrder = HardwareSpec["order"];
