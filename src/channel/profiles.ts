/**
 * The delay lines of 3GPP TR 38.901 (V16.1): TDL-A to E, tables 7.7.2-1 to -5, and CDL-A to E, tables 7.7.1-1 to -5.
 *
 * TDL and CDL of a letter share delays and powers, so there is one table. The one exception is the last delay of E: 20.6519 as a
 * tap, 20.6419 as a cluster, as printed. Values were taken from the files of Sionna 1.2 (NVlabs/sionna, Apache-2.0) and are checked by
 * a checksum (`profiles.test.ts`).
 *
 * Delays are in units of the delay spread. The tables' own RMS delay spread is 1 within 0.03 %, except for D: 0.9937.
 * D and E begin with the line of sight, a path of its own at the delay of the first Rayleigh tap. Their Ricean factors, 13.3 and 22
 * dB, are the ratios of these two paths.
 */
import { fromDecibels } from "../numeric/exponential.ts";

export type ProfileName = "A" | "B" | "C" | "D" | "E";

/** One tap or cluster; angles in degrees: azimuths against the x axis, zeniths against the z axis. */
export interface Path {
  /** Delay over the delay spread. */
  readonly delay: number;
  /** Share of the total power. */
  readonly power: number;
  /** Azimuths of departure and arrival. */
  readonly aod: number;
  readonly aoa: number;
  /** Zeniths of departure and arrival. */
  readonly zod: number;
  readonly zoa: number;
}

export interface Profile {
  readonly paths: readonly Path[];
  /** Whether the first path is the line of sight. */
  readonly lineOfSight: boolean;
  /** Spread of the rays of a cluster, degrees: of `aod`, `aoa`, `zod` and `zoa`. */
  readonly raySpreads: readonly [number, number, number, number];
  /** Cross-polarisation ratio, dB. */
  readonly crossPolarisation: number;
}

/** Spreads of aod, aoa, zod, zoa; cross-polarisation ratio; then a path each: delay, power in dB, aod, aoa, zod, zoa. */
const TABLES: Readonly<Record<ProfileName, string>> = {
  A: `5 11 3 3 10,
0 -13.4 -178.1 51.3 50.2 125.4,0.3819 0 -4.2 -152.7 93.2 91.3,0.4025 -2.2 -4.2 -152.7 93.2 91.3,0.5868 -4 -4.2 -152.7 93.2 91.3,
0.461 -6 90.2 76.6 122 94,0.5375 -8.2 90.2 76.6 122 94,0.6708 -9.9 90.2 76.6 122 94,0.575 -10.5 121.5 -1.8 150.2 47.1,
0.7618 -7.5 -81.7 -41.9 55.2 56,1.5375 -15.9 158.4 94.2 26.4 30.1,1.8978 -6.6 -83 51.9 126.4 58.8,
2.2242 -16.7 134.8 -115.9 171.6 26,2.1718 -12.4 -153 26.6 151.4 49.2,2.4942 -15.2 -172 76.6 157.2 143.1,
2.5119 -10.8 -129.9 -7 47.2 117.4,3.0582 -11.3 -136 -23 40.4 122.7,4.081 -12.7 165.4 -47.2 43.3 123.2,
4.4579 -16.2 148.4 110.4 161.8 32.6,4.5695 -18.3 132.7 144.5 10.8 27.2,4.7966 -18.9 -118.6 155.3 16.7 15.2,
5.0066 -16.6 -154.1 102 171.7 146,5.3043 -19.9 126.5 -151.8 22.7 150.7,9.6586 -29.7 -56.2 55.2 144.9 156.1`,
  B: `10 22 3 7 8,
0 0 9.3 -173.3 105.8 78.9,0.1072 -2.2 9.3 -173.3 105.8 78.9,0.2155 -4 9.3 -173.3 105.8 78.9,0.2095 -3.2 -34.1 125.5 115.3 63.3,
0.287 -9.8 -65.4 -88 119.3 59.9,0.2986 -1.2 -11.4 155.1 103.2 67.5,0.3752 -3.4 -11.4 155.1 103.2 67.5,
0.5055 -5.2 -11.4 155.1 103.2 67.5,0.3681 -7.6 -67.2 -89.8 118.2 82.6,0.3697 -3 52.5 132.1 102 66.3,
0.57 -8.9 -72 -83.6 100.4 61.6,0.5283 -9 74.3 95.3 98.3 58,1.1021 -4.8 -52.2 103.7 103.4 78.2,1.2756 -5.7 -50.5 -87.8 102.5 82,
1.5474 -7.5 61.4 -92.5 101.4 62.4,1.7842 -1.9 30.6 -139.1 103 78,2.0169 -7.6 -72.5 -90.6 100 60.9,
2.8294 -12.2 -90.6 58.6 115.2 82.9,3.0219 -9.8 -77.6 -79 100.5 60.8,3.6187 -11.4 -82.6 65.8 119.6 57.3,
4.1067 -14.9 -103.6 52.7 118.7 59.9,4.279 -9.2 75.6 88.7 117.8 60.1,4.7834 -11.3 -77.6 -60.4 115.7 62.3`,
  C: `2 15 3 7 7,
0 -4.4 -46.6 -101 97.2 87.6,0.2099 -1.2 -22.8 120 98.6 72.1,0.2219 -3.5 -22.8 120 98.6 72.1,0.2329 -5.2 -22.8 120 98.6 72.1,
0.2176 -2.5 -40.7 -127.5 100.6 70.1,0.6366 0 0.3 170.4 99.2 75.3,0.6448 -2.2 0.3 170.4 99.2 75.3,0.656 -3.9 0.3 170.4 99.2 75.3,
0.6584 -7.4 73.1 55.4 105.2 67.4,0.7935 -7.1 -64.5 66.5 95.3 63.8,0.8213 -10.7 80.2 -48.1 106.1 71.4,
0.9336 -11.1 -97.1 46.9 93.5 60.5,1.2285 -5.1 -55.3 68.1 103.7 90.6,1.3083 -6.8 -64.3 -68.7 104.2 60.1,
2.1704 -8.7 -78.5 81.5 93 61,2.7105 -13.2 102.7 30.7 104.2 100.7,4.2589 -13.9 99.2 -16.4 94.9 62.3,
4.6003 -13.9 88.8 3.8 93.1 66.7,5.4902 -15.8 -101.9 -13.7 92.2 52.9,5.6077 -17.1 92.2 9.7 106.7 61.8,
6.3065 -16 93.3 5.6 93 51.9,6.6374 -15.7 106.6 0.7 92.9 61.7,7.0427 -21.6 119.5 -21.9 105.2 58,
8.6523 -22.8 -123.8 33.6 107.8 57`,
  D: `5 8 3 3 11,
0 -0.2 0 -180 98.5 81.5,0 -13.5 0 -180 98.5 81.5,0.035 -18.8 89.2 89.2 85.5 86.9,0.612 -21 89.2 89.2 85.5 86.9,
1.363 -22.8 89.2 89.2 85.5 86.9,1.405 -17.9 13 163 97.5 79.4,1.804 -20.1 13 163 97.5 79.4,2.596 -21.9 13 163 97.5 79.4,
1.775 -22.9 34.6 -137 98.5 78.2,4.042 -27.8 -64.5 74.5 88.4 73.6,7.937 -23.6 -32.9 127.7 91.3 78.3,
9.424 -24.8 52.6 -119.6 103.8 87,9.708 -30 -132.1 -9.1 80.3 70.6,12.525 -27.7 77.2 -83.8 86.5 72.9`,
  E: `5 11 3 7 8,
0 -0.03 0 -180 99.6 80.4,0 -22.03 0 -180 99.6 80.4,0.5133 -15.8 57.5 18.2 104.2 80.4,0.544 -18.1 57.5 18.2 104.2 80.4,
0.563 -19.8 57.5 18.2 104.2 80.4,0.544 -22.9 -20.1 101.8 99.4 80.8,0.7112 -22.4 16.2 112.9 100.8 86.3,
1.9092 -18.6 9.3 -155.5 98.8 82.7,1.9293 -20.8 9.3 -155.5 98.8 82.7,1.9589 -22.6 9.3 -155.5 98.8 82.7,
2.6426 -22.3 19 -143.3 100.8 82.9,3.7136 -25.6 32.7 -94.7 96.4 88,5.4524 -20.2 0.5 147 98.9 81,
12.0034 -29.8 55.9 -36.2 95.6 88.6,20.6519 -29.2 57.6 -26 104.6 78.3`,
};

/** Delay of the last cluster of CDL-E. */
const LAST_CLUSTER_OF_E = 20.6419;

/** The tables of a letter, for taps or for clusters. */
export function profileOf(kind: "tdl" | "cdl", name: ProfileName): Profile {
  const [[aod, aoa, zod, zoa, ratio], ...rows] = TABLES[name]
    .split(",")
    .map((row) => row.trim().split(" ").map(Number));
  const total = rows.reduce((sum, row) => sum + fromDecibels(row[1]), 0);
  const paths = rows.map(([delay, decibels, ...angles]) => ({
    delay,
    power: fromDecibels(decibels) / total,
    aod: angles[0],
    aoa: angles[1],
    zod: angles[2],
    zoa: angles[3],
  }));
  if (name === "E" && kind === "cdl") paths[paths.length - 1].delay = LAST_CLUSTER_OF_E;
  return {
    paths,
    lineOfSight: name === "D" || name === "E",
    raySpreads: [aod, aoa, zod, zoa],
    crossPolarisation: ratio,
  };
}
