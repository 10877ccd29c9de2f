/** The machine: crossbars with their devices and converters, and the stochastic spiking attention (SSA) engine. */
import { z } from "zod";
import { arithmeticSpec } from "./arithmetic.ts";
import { compensationSpec } from "./compensation.ts";
import { converterErrorSpec } from "./converter-errors.ts";
import { deviceSpec, layerFields } from "./device.ts";
import { hasConverterErrors } from "./erring-converters.ts";
import { onceValid } from "./once-valid.ts";
import { readOutSpec } from "./read-out.ts";

const wireSpec = z.strictObject({
  /** Resistance of an input line between neighbouring columns, ohms. */
  lines: z.number().min(0).max(1000).default(0),
  /** Resistance of a result line between neighbouring rows, ohms. */
  columns: z.number().min(0).max(1000).default(0),
});

export const crossbarSpec = z
  .strictObject({
    /** Input lines per crossbar. Table II: 128. */
    rows: z.int().min(1).max(4096).default(128),
    /**
     * Input lines that the embedding uses per crossbar. Fewer lines need a smaller converter range, so each code is a
     * finer step. `null`: all.
     */
    embedRows: z.int().min(1).max(4096).nullable().default(null),
    /**
     * Distance, in input order, between neighbouring lines of the first layer. The lines per value, such as
     * `task.thresholds`, reduce the swing of columns. 1: input order.
     */
    inputStride: z.int().min(1).max(256).default(1),
    /** Lines per input of the first layer. Errors average, for as many times the crossbars. */
    linesPerInput: z.int().min(1).max(16).default(1),
    /**
     * How lines take sums of spikes: `unary`, a read for each spike, or `bit-serial`, one for each bit of the sum.
     */
    integers: z.enum(["unary", "bit-serial"]).default("unary"),
    /** Output columns (differential pairs) per crossbar. Table II: 128. */
    columns: z.int().min(1).max(4096).default(128),
    /** Bits of each device of a pair; 4 bits give 31 signed levels. Table II: 4. `null`: continuous. */
    conductanceBits: z.int().min(1).max(12).nullable().default(4),
    /** Quantile of |w| mapped to the largest conductance; larger weights are clipped. */
    clippingQuantile: z.number().gt(0.5).max(1).default(1),
    /**
     * What shares one scale from weights to conductances. Per column, errors stay small next to the column's own
     * weights.
     */
    scaling: z.enum(["crossbar", "column"]).default("column"),
    /** The memory cell. */
    device: deviceSpec.prefault({}),
    /**
     * `physical`: both devices of a pair drift and have read noise; `aihwkit`: their difference is converted to a new
     * pair first, as in IBM's simulator.
     */
    pairs: z.enum(["physical", "aihwkit"]).default("physical"),
    ...layerFields,
    /** Wire resistance per cell (IR drop). IBM's aihwkit assumes 0.35 ohms. */
    wires: wireSpec.prefault({}),
  })
  .refine(({ pairs, parallelDevices }) => pairs === "physical" || parallelDevices === 1, {
    ...onceValid,
    error:
      "IBM's simulator keeps one device of a pair, so aihwkit pairs cannot have parallel devices. Set parallelDevices to 1, " +
      "or pairs to `physical`.",
    path: ["parallelDevices"],
  });

export const adcSpec = z
  .strictObject({
    /** Bits of one conversion. Table II: 5. `null`: exact currents. */
    bits: z.int().min(1).max(16).nullable().default(5),
    /**
     * Columns per converter. Table II: 8; with 2, a network answers three times as often for less energy
     * (experiments/machines).
     */
    sharing: z.int().min(1).max(128).default(2),
    /**
     * `pair`: both lines of a pair are converted and subtracted digitally, as in the paper; `differential`:
     * one signed conversion.
     */
    mode: z.enum(["pair", "differential"]).default("differential"),
    /** Full scale as a quantile of the column currents seen in calibration, per crossbar. */
    rangeQuantile: z.number().gt(0.5).max(1).default(0.9995),
    /**
     * Fixed full scale of every converter, in lines at the largest conductance. `null`: measured in calibration, at
     * `rangeQuantile`.
     */
    fullScale: z.number().positive().max(4096).nullable().default(null),
    /** Offset correction: every converter is read with no line driven and trimmed by the result. `null`: none. */
    trim: z
      .strictObject({
        /** Bits of a trim with its sign, in eighths of a code step; 6 bits reach 3.9 steps. */
        bits: z.int().min(2).max(12).default(6),
        /** Reads averaged per converter. */
        reads: z.int().min(8).max(65_536).multipleOf(8).default(64),
      })
      .nullable()
      .default(null),
    /** Spread between converters, and noise per conversion. */
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
      "Converters without bits pass the exact current, so errors in code steps do not apply. Set adc.bits, for example " +
      "to 5, or leave the errors at 0.",
    path: ["errors"],
  })
  .refine((adc) => adc.bits !== null || adc.trim === null, {
    ...onceValid,
    error:
      "Converters without bits pass the exact current and have no offset to trim. Set adc.bits, for example to 5, or leave trim null.",
    path: ["trim"],
  });

export const lfsrSpec = z.strictObject({
  /**
   * Feedback mask of the right-shifting Galois register, a primitive polynomial. Default: Maxim application note 4400.
   */
  polynomial: z
    .string()
    .regex(/^0x[0-9a-fA-F]{1,8}$/, "a 32-bit mask in hexadecimal, such as 0xb4bcd35c")
    .default("0xb4bcd35c"),
  /**
   * Which cells and column feet share random bytes. `column-row` is nearly as accurate as `cell` with far fewer
   * registers; `row` correlates errors across queries; `column` and `single` bias attention
   * (experiments/random-numbers).
   */
  sharing: z.enum(["column-row", "row", "column", "cell", "single"]).default("column-row"),
  /** `tile`: registers for every head; `engine`: all heads of a block share them. */
  scope: z.enum(["tile", "engine"]).default("tile"),
  /** One-bit shifts per clock. With 8, neighbouring features share no bits. */
  shiftsPerClock: z.int().min(1).max(32).default(1),
});

export const ssaSpec = z.strictObject({
  /**
   * `ideal`: exact Bernoulli bits from a counter-based stream; `lfsr`: bytes tapped from shared 32-bit shift registers,
   * as in hardware.
   */
  random: z.enum(["ideal", "lfsr"]).default("lfsr"),
  /** Shift registers, used if `random` is `lfsr`. */
  lfsr: lfsrSpec.prefault({}),
  /** Tiles of the engine; with fewer than heads, heads take turns. `null`: one per head, as in the paper. */
  tiles: z.int().min(1).max(64).nullable().default(null),
  /** Tokens per tile (the paper: 16 to 128); longer prompts take several passes. `null`: all tokens of the task. */
  tileTokens: z.int().min(1).max(1024).nullable().default(null),
  /**
   * Largest random number: `exact` (d_K in cells, N at column feet) or the next `power-of-two`, which lowers firing
   * rates.
   */
  normaliser: z.enum(["exact", "power-of-two"]).default("exact"),
  /** Bits of a cell's counter. The paper: 8. `null`: enough for d_K. */
  counterBits: z.int().min(1).max(16).nullable().default(null),
  /** If the counter is too narrow for d_K: `refuse` the machine, or `saturate`. */
  counterOverflow: z.enum(["refuse", "saturate"]).default("refuse"),
  /**
   * FIFO for V in every `cell`, as in the paper, or one per `row`, which costs less (experiments/machines).
   */
  fifo: z.enum(["cell", "row"]).default("row"),
});

const timingSpec = z.strictObject({
  /** Hertz. */
  clock: z.number().min(1).max(1e12).default(200e6),
  /** Clocks until lines have settled. */
  settle: z.int().min(1).max(65_536),
  /** Clocks of one conversion. */
  conversion: z.int().min(1).max(65_536),
});

/** What travels on wires between units. */
const transportSpec = z.strictObject({
  /** `bits`: every spike and silence; `events`: the addresses of spikes; `fewer`: for each vector whichever takes fewer bits. */
  code: z.enum(["bits", "events", "fewer"]).default("bits"),
  /** Features coded together. `null`: whole rows. */
  vector: z.int().min(2).max(65_536).nullable().default(8),
});

const hardwareFields = z.strictObject({
  /** Arrays of memory cells that hold the weights of linear layers. */
  crossbar: crossbarSpec.prefault({}),
  /**
   * Crossbars on the chip. `null`: enough for the network. With fewer, every inference reloads and reprograms them in
   * turn.
   */
  crossbars: z.int().min(1).max(1_000_000).nullable().default(null),
  /** Converters at the crossbar columns. */
  adc: adcSpec.prefault({}),
  /** What reads the columns of layers that feed only neurons: converters, or comparators. */
  readOut: readOutSpec.prefault({}),
  /** Stochastic spiking attention engine: AND gates and counters. */
  ssa: ssaSpec.prefault({}),
  /**
   * `token-major`: all steps of a token, then the next, with membranes in registers; `step-major`: all tokens of a step,
   * with membranes in SRAM and attention in parallel. Answers are the same.
   */
  order: z.enum(["token-major", "step-major"]).default("token-major"),
  /** Clocks of analog operations. `null`: as many as bits, size and wires need. */
  timing: timingSpec.nullable().default(null),
  /** SRAM for spikes, residual stream and membranes, bytes. `null`: enough for one inference. */
  sram: z
    .int()
    .min(1)
    .max(2 ** 40)
    .nullable()
    .default(null),
  /**
   * Inferences per second that the chip is asked for. Leakage and control go on between them. `null`: as many as its pipeline
   * takes.
   */
  rate: z.number().min(1e-9).max(1e12).nullable().default(null),
  /** Integer formats behind the converters. `null`: floating point, which no machine has. */
  arithmetic: arithmeticSpec.nullable().prefault({}),
  /** Code of spikes between units. */
  transport: transportSpec.prefault({}),
  /**
   * `written`: a flip-flop takes the clock whenever its unit writes it; `gated`: counters of attention only where they count,
   * and control only while its unit works, for a clock gate each.
   */
  clocking: z.enum(["written", "gated"]).default("written"),
  /**
   * `sums`: codes are scaled to the unit of weights and summed; `threshold`: neurons of layers that feed nothing else add codes
   * as they are and compare with a threshold for each column, unless a column has several row blocks.
   */
  scaling: z.enum(["sums", "threshold"]).default("sums"),
  /** Seconds from programming to use: 3600 is an hour, 31536000 a year. */
  readTime: z.number().min(0).max(1e10).default(1),
  /** Drift compensation, which rescales outputs to their size just after programming. */
  compensation: compensationSpec.prefault({}),
  /**
   * What calibration measures with. `currents`: exact currents, as external instruments read them; `codes`: the codes
   * of the chip's own converters, with their errors.
   */
  calibration: z.enum(["currents", "codes"]).default("currents"),
  /** Independently programmed chips to simulate. */
  chips: z.int().min(1).max(1000).default(10),
});

export const hardwareSpec = hardwareFields
  .refine(({ calibration, adc }) => calibration === "currents" || (adc.bits !== null && adc.fullScale === null), {
    ...onceValid,
    error:
      "A chip that calibrates itself adjusts its converters' full scale by their codes. Set adc.bits " +
      "and leave adc.fullScale null, or set calibration to `currents`.",
    path: ["calibration"],
  })
  .refine(({ scaling, arithmetic }) => scaling === "sums" || arithmetic !== null, {
    ...onceValid,
    error:
      "Thresholds in code steps are whole numbers, but hardware.arithmetic null means floating point. Leave arithmetic out for " +
      "the recommended formats, or set scaling to `sums`.",
    path: ["scaling"],
  });

export type WireSpec = z.infer<typeof wireSpec>;
export type CrossbarSpec = z.infer<typeof crossbarSpec>;
export type AdcSpec = z.infer<typeof adcSpec>;
export type LfsrSpec = z.infer<typeof lfsrSpec>;
export type SsaSpec = z.infer<typeof ssaSpec>;
export type HardwareSpec = z.infer<typeof hardwareSpec>;
export type LoopOrder = HardwareSpec["order"];
