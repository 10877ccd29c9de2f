/**
 * A radio channel and its OFDM grid: i.i.d. Rayleigh, the tapped delay lines and the clustered delay lines of 3GPP TR 38.901, or the
 * channels of a file. `src/channel` draws from it; antennas come from the task.
 */
import { z } from "zod";
import { onceValid } from "./once-valid.ts";

/** A correlation matrix of up to 16 antennas; each entry is a real number or `[real, imaginary]`. */
const correlationMatrix = () => {
  const part = z.number().min(-1).max(1);
  const entry = z.union([part, z.array(part).length(2)]);
  return z.array(z.array(entry).min(1).max(16)).min(1).max(16);
};

const motion = {
  /** Carrier frequency, GHz. */
  carrierGigahertz: z.number().min(0.1).max(100).default(3.5),
  /** Speed of the receiver, metres per second; 1 m/s is 3.6 km/h. */
  speedMetresPerSecond: z.number().min(0).max(500).default(0),
};

const grid = {
  /** Subcarriers; a resource block has 12. */
  subcarriers: z.int().min(1).max(3300).default(12),
  /** Distance of subcarriers, kHz. */
  spacingKilohertz: z.number().min(1).max(960).default(30),
  /** OFDM symbols of a slot. */
  symbols: z.int().min(1).max(28).default(14),
  /** Cyclic prefix as a share of an OFDM symbol; the normal one of 5G is 144 / 2048. */
  cyclicPrefix: z.number().min(0).max(1).default(0.0703125),
  /** Reference symbols (DMRS). */
  pilots: z
    .strictObject({
      /** OFDM symbols with pilots, counted from 0. */
      symbols: z.array(z.int().min(0).max(27)).min(1).max(28).default([2, 11]),
      /** Subcarriers per pilot of an antenna, at least the transmit antennas. */
      comb: z.int().min(1).max(48).default(2),
      /** Power of a pilot over a data symbol, dB. */
      boostDecibels: z.number().min(-10).max(10).default(0),
    })
    .prefault({}),
};

const correlated = {
  /** Correlation of antennas, by name (TS 36.101, B.2.3) or as matrices. */
  correlation: z
    .union([
      z.enum(["low", "medium", "high"]),
      z.strictObject({
        /** Of transmit antennas, Hermitian with ones on its diagonal. */
        transmit: correlationMatrix(),
        /** Of receive antennas. */
        receive: correlationMatrix(),
      }),
    ])
    .default("low"),
};

const delayed = {
  /** Delay line; D and E have a line of sight. */
  profile: z.enum(["A", "B", "C", "D", "E"]).default("C"),
  /** RMS delay spread, nanoseconds. */
  delaySpreadNanoseconds: z.number().min(0).max(10_000).default(100),
};

const iidChannelSpec = z.strictObject({
  /** One Rayleigh tap for each pair of antennas. */
  kind: z.literal("iid"),
  ...motion,
  ...grid,
  ...correlated,
});

const tappedChannelSpec = z.strictObject({
  /** A tapped delay line of TR 38.901, table 7.7.2. */
  kind: z.literal("tdl"),
  ...delayed,
  ...motion,
  ...grid,
  ...correlated,
});

const clusteredChannelSpec = z.strictObject({
  /** A clustered delay line of TR 38.901, table 7.7.1, between two linear arrays. */
  kind: z.literal("cdl"),
  ...delayed,
  ...motion,
  ...grid,
  /** Azimuth in which the receiver moves, degrees. */
  directionDegrees: z.number().min(-360).max(360).default(0),
  /** Distance of transmit antennas, wavelengths. */
  transmitSpacing: z.number().min(0).max(100).default(0.5),
  /** Distance of receive antennas, wavelengths. */
  receiveSpacing: z.number().min(0).max(100).default(0.5),
  /** `single`: vertical; `cross`: pairs slanted by +45 and -45 degrees. */
  polarisation: z.enum(["single", "cross"]).default("single"),
});

const fileChannelSpec = z.strictObject({
  /** Channels that another program computed, such as Sionna; for commands, not for browsers. */
  kind: z.literal("file"),
  /** An `.npz`, `.npy` or HDF5 file with `h_freq`, or `a` and `tau`, relative to the experiment; 80, 10 and 10 % are for each part. */
  file: z.string().min(1).max(1000),
  /** First subcarrier of the window of `h_freq`. */
  firstSubcarrier: z.int().min(0).max(65_535).default(0),
  ...grid,
});

/** Union of all channels. */
export const channelSpec = z
  .discriminatedUnion("kind", [iidChannelSpec, tappedChannelSpec, clusteredChannelSpec, fileChannelSpec])
  .refine(({ pilots, symbols }) => pilots.symbols.every((symbol) => symbol < symbols), {
    ...onceValid,
    error: "a pilot symbol lies beyond the slot. Symbols count from 0: name at most `symbols` - 1.",
    path: ["pilots", "symbols"],
  })
  .refine(({ pilots }) => pilots.symbols.every((symbol, i) => i === 0 || symbol > pilots.symbols[i - 1]), {
    ...onceValid,
    error: "pilot symbols repeat or are out of order. List each once, from the first to the last.",
    path: ["pilots", "symbols"],
  })
  .refine(({ pilots, subcarriers }) => pilots.comb <= subcarriers, {
    ...onceValid,
    error: "the comb is wider than the grid, so that an antenna has no pilot. Choose at most `subcarriers`.",
    path: ["pilots", "comb"],
  });

export type ChannelSpec = z.infer<typeof channelSpec>;
export type FileChannelSpec = z.infer<typeof fileChannelSpec>;
/** Channels that a model draws. */
export type DrawnChannelSpec = Exclude<ChannelSpec, FileChannelSpec>;
export type TappedChannelSpec = z.infer<typeof iidChannelSpec> | z.infer<typeof tappedChannelSpec>;
export type ClusteredChannelSpec = z.infer<typeof clusteredChannelSpec>;
export type CorrelationSpec = TappedChannelSpec["correlation"];
