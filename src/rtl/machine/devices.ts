/** FPGAs and what each has. The command line offers their names, so this file imports nothing. */

export interface Device {
  readonly title: string;
  readonly source: string;
  /** Block memories of 18 kbit. */
  readonly blocks: number;
  readonly multipliers: number;
  readonly registers: number;
  /** Lookup tables, for logic and small memories; only synthesis counts them. */
  readonly tables: number;
}

/**
 * ECP5: the data sheet rounds to thousands (84K); the exact numbers are those of Project Trellis, as nextpnr-ecp5 0.7 lists them for each
 * device (DP16KD, MULT18X18D, TRELLIS_FF, TRELLIS_COMB). A slice has two tables of four inputs and two registers.
 */
const ECP5 = "Lattice FPGA-DS-02012, ECP5 and ECP5-5G family, table 1.1; exact in Project Trellis";
/**
 * Series 7: a slice has four tables of six inputs and eight registers, and a block memory of 36 kbit is two of 18 kbit.
 *
 * All four numbers of a device equal those that Vivado's `report_utilization` gives as available. For Artix:
 * https://github.com/epsilon537/boxlambda, docs/estimated-fpga-utilization.md (20,800, 41,600, 50 and 90; 63,400, 126,800, 135 and 240).
 * For XC7Z020: that of Vivado 2017.4 for the network CNV of FINN on a PYNQ-Z1 (53,200, 106,400, 140 and 220).
 */
const SERIES_7 = "AMD DS180, 7 series overview, table 4";

export const DEVICES = {
  "ecp5-25": {
    title: "Lattice LFE5U-25F",
    source: ECP5,
    blocks: 56,
    multipliers: 28,
    registers: 24_288,
    tables: 24_288,
  },
  "ecp5-45": {
    title: "Lattice LFE5U-45F",
    source: ECP5,
    blocks: 108,
    multipliers: 72,
    registers: 43_848,
    tables: 43_848,
  },
  "ecp5-85": {
    title: "Lattice LFE5U-85F",
    source: ECP5,
    blocks: 208,
    multipliers: 156,
    registers: 83_640,
    tables: 83_640,
  },
  "artix-35t": {
    title: "AMD XC7A35T",
    source: `${SERIES_7}: 5,200 slices, 50 memories of 36 kbit`,
    blocks: 2 * 50,
    multipliers: 90,
    registers: 8 * 5200,
    tables: 4 * 5200,
  },
  "artix-100t": {
    title: "AMD XC7A100T",
    source: `${SERIES_7}: 15,850 slices, 135 memories of 36 kbit`,
    blocks: 2 * 135,
    multipliers: 240,
    registers: 8 * 15_850,
    tables: 4 * 15_850,
  },
  "zynq-7020": {
    title: "AMD XC7Z020",
    source: "AMD DS190, Zynq-7000 SoC, table 1: 53,200 tables, 140 memories of 36 kbit",
    blocks: 2 * 140,
    multipliers: 220,
    registers: 2 * 53_200,
    tables: 53_200,
  },
} as const satisfies Readonly<Record<string, Device>>;

export type DeviceName = keyof typeof DEVICES;
export const DEVICE_NAMES = Object.keys(DEVICES) as DeviceName[];
