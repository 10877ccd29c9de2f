// The table of this folder's page: Eb/N0 at a block error rate of 1 %, measured by `ldpc.mjs`, published, and of an ideal code.
import { readFileSync } from "node:fs";
import { normalApproximation } from "./normal-approximation.mjs";
import { SETTINGS } from "./settings.mjs";

const measured = JSON.parse(readFileSync(new URL("./ldpc.json", import.meta.url), "utf8"));

/** Eb/N0 at which the line through two points, in dB and the logarithm of the rate, meets 1 %. */
function atOnePercent([a, b]) {
  const [logA, logB] = [a, b].map(({ errors, blocks }) => Math.log(errors / blocks));
  return a.ebN0 + ((b.ebN0 - a.ebN0) * (Math.log(0.01) - logA)) / (logB - logA);
}

const decibels = (value) => value.toFixed(2);
const percent = ({ errors, blocks, ebN0 }) => `${((100 * errors) / blocks).toFixed(2)} % at ${ebN0}`;
const DECODERS = { "belief-propagation": "belief propagation", "min-sum": "min-sum" };
const nameOf = ({ rule, schedule = "layered", iterations, scale }) =>
  `${DECODERS[rule]}${scale === undefined ? "" : ` times ${scale}`}, ${schedule}, ${iterations}`;

export const codedLinkTables = {
  "ldpc-awgn": () => ({
    head: [
      "bits",
      "decoder, schedule, iterations",
      "block errors at Eb/N0",
      "Eb/N0 at 1 %",
      "published",
      "difference",
      "ideal",
      "updates of a bit per block",
    ],
    rows: SETTINGS.map(({ name, informationBits, codedBits, decoder, published }) => {
      const { points } = measured[name];
      const ours = atOnePercent(points);
      const theirs = published && atOnePercent(published.points);
      const last = points.at(-1);
      return [
        `${informationBits} of ${codedBits}`,
        nameOf(decoder),
        points.map(percent).join(", "),
        decibels(ours),
        published ? `${decibels(theirs)} (${published.source})` : "–",
        published ? decibels(ours - theirs).replace("-", "−") : "–",
        decibels(normalApproximation(informationBits, codedBits, 2.326)),
        Math.round(last.bitUpdates / last.blocks).toLocaleString("en"),
      ];
    }),
  }),
};
