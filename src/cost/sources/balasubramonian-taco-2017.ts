/** SRAM from CACTI 7: a fit through its read energies, and its area. */
import { picojoules } from "../../units.ts";
import { defineSource } from "../receipt.ts";

export const cacti = defineSource(
  {
    id: "balasubramonian-taco-2017",
    reference:
      "R. Balasubramonian, A. Kahng, N. Muralimanohar, A. Shafiee, V. Srinivas: CACTI 7: New tools for interconnect " +
      "exploration in innovative off-chip memories. ACM TACO 14(2), 2017; the tool, version 7",
    url: "https://doi.org/10.1145/3085572",
    validity:
      "45 nm, itrs-lop, 330 K, 16 B lines, optimised for read energy, 8 kB to 8 MB; the power law is within 12 % of every " +
      "run. Runs at 65, 32 and 22 nm give the node factors; below 22 nm they are extrapolated.",
  },
  {
    read32k: {
      value: picojoules(0.336),
      low: picojoules(0.168),
      high: picojoules(2.02),
      unit: "J/B",
      node: 45,
      basis: "simulated",
      printed: "read energy per byte, pJ: 8 kB 0.157, 32 kB 0.336, 64 kB 0.464, 256 kB 1.00, 1 MB 2.13, 8 MB 7.72",
      arithmetic:
        "E(S) = 0.336 (S / 32 kB)^0.565; the range is half to six times, the upper end about that of Horowitz",
    },
    exponent: {
      value: 0.565,
      unit: "1",
      basis: "simulated",
      printed: "the same runs",
      arithmetic: "slope of log energy over log size",
    },
    writeFactor: {
      value: 1,
      high: 3,
      unit: "1",
      basis: "assumed",
      printed: "writes of these read-optimised arrays cost 2.5 to 5.2 reads",
      arithmetic: "1, the usual convention: where writes matter, a balanced array would be built",
    },
    leakage: {
      value: 9.1e-3 / 2 ** 20,
      low: 2e-3 / 2 ** 20,
      high: 30e-3 / 2 ** 20,
      unit: "W/B",
      node: 45,
      basis: "simulated",
      printed: "9.1 mW per MB at 330 K",
      arithmetic: "9.1 mW / 2^20. Ends are assumed: cold, and hot or with faster transistors",
    },
    lineShare: {
      value: 0.3,
      low: 0.1,
      high: 0.5,
      unit: "1",
      basis: "derived",
      printed: "energy of narrower words, as hwcomponents-cacti found with the tool: 0.7 x width + 0.3",
      arithmetic: "a word of any width pays 0.3 of the access to a 16 B line: decoder, word line, sensing",
    },
    port: {
      value: 0.42,
      low: 0.2,
      high: 0.6,
      unit: "1",
      basis: "derived",
      printed: "tech_params/45nm.dat: cell 146 F^2, aspect 1.46; pitch of local wires 2.5 F",
      arithmetic:
        "an additional port adds two wires in each direction, 5 F, to sides of 10 F and 14.6 F: 0.50 and 0.34, mean 0.42",
    },
    area: {
      value: 4.95e-6 / 2 ** 20,
      unit: "m2/B",
      node: 45,
      basis: "simulated",
      printed: "4.95 mm2 per MB",
      arithmetic: "4.95 mm2 / 2^20",
    },
  },
);
