/** Scaling of processors between nodes: a second opinion beside Stillmaker and Baas. */
import { defineSource, type PriceDraft } from "../receipt.ts";

/** Power and frequency relative to 45 nm. */
type Projection = readonly [power: number, frequency: number];

/** Energy is power over frequency: the conservative projection, with that of the ITRS as the lower end. */
function energy(node: number, conservative: Projection, itrs: Projection): PriceDraft {
  const of = ([power, frequency]: Projection) => power / frequency;
  const printed = (name: string, [power, frequency]: Projection) =>
    `${name}: power ${power}, frequency ${frequency} of 45 nm`;
  return {
    value: of(conservative),
    low: of(itrs),
    unit: "1",
    basis: "derived",
    printed: `${node} nm, ${printed("conservative", conservative)}; ${printed("ITRS", itrs)}`,
    arithmetic: `${conservative.join(" / ")}; lower end ${itrs.join(" / ")}`,
  };
}

export const darkSilicon = defineSource(
  {
    id: "esmaeilzadeh-isca-2011",
    reference:
      "H. Esmaeilzadeh, E. Blem, R. St. Amant, K. Sankaralingam, D. Burger: Dark silicon and the end of multicore scaling. ISCA 2011, " +
      "pp. 365-376",
    url: "https://doi.org/10.1145/2000064.2000108",
    validity:
      "45 to 8 nm, whole processors, projected in 2011. The table as transcribed by the public program lumos (python/model/Tech.py); the " +
      "paper itself was not available to us.",
  },
  {
    energy32: energy(32, [0.71, 1.1], [0.66, 1.09]),
    energy22: energy(22, [0.52, 1.19], [0.54, 2.38]),
    energy16: energy(16, [0.39, 1.25], [0.38, 3.21]),
    energy11: energy(11, [0.29, 1.3], [0.25, 4.17]),
    energy8: energy(8, [0.22, 1.34], [0.12, 3.85]),
  },
);
