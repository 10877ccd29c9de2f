/** The task: in-context symbol detection on a MIMO link (`docs/guide.md` follows one prompt through it). */
import { z } from "zod";
import { onceValid } from "./once-valid.ts";

/** A fixed signal-to-noise ratio, or a uniform range, in decibels. */
const snr = z.union([
  z.number().min(-50).max(100),
  z
    .strictObject({
      /** Lowest ratio. */
      min: z.number().min(-50).max(100),
      /** Highest ratio. */
      max: z.number().min(-50).max(100),
    })
    .refine((range) => range.min <= range.max, {
      ...onceValid,
      error: "the lowest ratio is above the highest. Swap `min` and `max`, or give one number for a fixed ratio.",
      path: ["min"],
    }),
]);

export const symbolDetectionSpec = z.strictObject({
  /** The only task so far. */
  kind: z.literal("symbol-detection").default("symbol-detection"),
  /** Transmit antennas Nt. Classes grow as (points per antenna)^Nt: the network classifies the joint symbol, 4^6 = 4096 at most. */
  transmitAntennas: z.int().min(1).max(6).default(2),
  /** Receive antennas Nr. */
  receiveAntennas: z.int().min(1).max(16).default(2),
  /** Constellation of each antenna. QPSK reproduces the paper's bit error rates best (see `docs/assumptions.md`). */
  modulation: z.enum(["bpsk", "qpsk"]).default("qpsk"),
  /** Drawn once per prompt when it is a range. The public baseline evaluates on 0 .. 30 dB. */
  snrDecibels: snr.default({ min: 0, max: 30 }),
  /**
   * Complex noise variance at SNR s dB: `standard` is 10^(-s/10); `doubled` is twice that, as the public baseline code
   * draws real and imaginary parts with that standard deviation each. Doubled brackets the paper's ANN result.
   */
  noise: z.enum(["standard", "doubled"]).default("doubled"),
  /** Bits of the receive quantiser (mid-rise) for each real and imaginary part. */
  receiverBits: z.int().min(1).max(12).default(4),
  /** Full scale of the receive quantiser: [-range, range]. */
  receiverRange: z.number().positive().max(1000).default(4),
  /** Known (y, x) pairs before the query. The paper uses 18. */
  pilots: z.int().min(1).max(512).default(18),
  /**
   * `query-context`: for each pair a query token (y, 0), where x is predicted, then a context token (y, x); tokens attend
   * to earlier context tokens only; 2 pilots + 1 tokens. `shifted`: token i is (y_i, x_(i-1)); pilots + 1 tokens.
   * `interleaved`: y_1, x_1, y_2, ...; 2 pilots + 1 tokens, as in the public baseline.
   */
  tokens: z.enum(["query-context", "shifted", "interleaved"]).default("query-context"),
  /**
   * How token values enter a spiking network. `bits`: the quantiser's bits as binary lines, the same at every time step;
   * `thermometer`: one line per threshold that the value exceeds, as a flash converter delivers it before encoding;
   * `bernoulli`: one line per real value, a Bernoulli draw per time step; `repeat`: real values, the same at every step
   * (needs a DAC on hardware). The ANN always receives real values.
   */
  coding: z.enum(["bits", "thermometer", "bernoulli", "repeat"]).default("bits"),
});

export type SymbolDetectionSpec = z.infer<typeof symbolDetectionSpec>;

/** Union of all tasks; one member so far. */
export const taskSpec = symbolDetectionSpec;
export type TaskSpec = SymbolDetectionSpec;
