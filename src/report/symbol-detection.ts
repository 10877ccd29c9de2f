/** What the report of a run on a MIMO link adds to `detection.ts`: its words, and Table IV of the paper next to our results. */
import type { Experiment } from "../experiment/experiment.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import type { Receiver } from "../task/receivers.ts";
import type { ClaimDraft } from "./build-report.ts";
import { snrText } from "./detection.ts";
import type { DetectionRun, DetectionWords, NetworkRole } from "./detection-run.ts";
import { shortSize } from "./study.ts";

export function symbolDetectionWords(experiment: Experiment<SymbolDetectionSpec>): DetectionWords {
  const { transmitAntennas: nt, receiveAntennas: nr, pilots, receiverBits, noise, ...task } = experiment.task;
  return {
    subject: "in-context symbol detection",
    link: `A ${nt} x ${nr} Rayleigh link with ${snrText(task)} (${noise} noise), a ${receiverBits}-bit receiver and ${pilots} pilots.`,
    best: { id: "ml.pilots", name: "maximum likelihood, pilots" },
    claims: (run) => claims(run, experiment),
  };
}

export const receiverId = ({ kind, channel }: Receiver): string => `${kind}.${channel}`;

export function receiverName({ kind, channel }: Receiver): string {
  const name = kind === "ml" ? "Maximum likelihood" : "Linear MMSE";
  return `${name}, ${channel === "perfect" ? "perfect channel" : "channel from pilots"}`;
}

/** Table IV of the paper, by antennas: size, then ANN, digital spiking (T), Xpikeformer (T). */
const TABLE_IV: Record<number, readonly (readonly [string, number, number, number, number, number])[]> = {
  2: [
    ["4-256", 0.051, 0.061, 6, 0.067, 6],
    ["8-512", 0.049, 0.058, 4, 0.063, 4],
  ],
  4: [
    ["4-256", 0.141, 0.196, 7, 0.205, 11],
    ["8-512", 0.077, 0.086, 4, 0.091, 5],
  ],
};

function claims(run: DetectionRun, { task, model }: Experiment<SymbolDetectionSpec>): ClaimDraft[] {
  const rows = task.transmitAntennas === task.receiveAntennas ? TABLE_IV[task.transmitAntennas] : undefined;
  if (!rows || task.modulation !== "qpsk") return [];
  const ours = shortSize(model);
  // A row is comparable if the network of the figure has the row's size.
  const { ann: annSize, snn: snnSize } = run.cost.sizes;
  const sizes: Readonly<Record<string, string | undefined>> = { ann: annSize, spiking: snnSize, xpikeformer: ours };
  const setting =
    `Ours is ${ours}. The paper does not print modulation, SNR range or noise convention; this run's setting ` +
    "is the one that brackets its ANN (docs/assumptions.md).";
  return rows.flatMap(([size, ann, spiking, spikingSteps, hardware, hardwareSteps]) => {
    const source = `Table IV, ${task.transmitAntennas}x${task.receiveAntennas}, ${size}`;
    const claim = (role: string, words: string, paper: number, why: string): ClaimDraft[] =>
      role === "xpikeformer" || run.networks[role as NetworkRole]
        ? [
            {
              id: `${role}-${size}`,
              source,
              claim: words,
              paper,
              figure: `ber.${role}`,
              why,
              ...(sizes[role] !== size && { comparable: false }),
            },
          ]
        : [];
    const gap: ClaimDraft[] = run.networks.ann
      ? [
          {
            id: `gap-${size}`,
            source,
            claim: "Xpikeformer minus ANN, bit error rate",
            paper: Number((hardware - ann).toFixed(3)),
            figure: "gap.ann",
            why: "The gap depends least on the setting, since both networks see the same prompts.",
            ...((ours !== size || annSize !== size) && { comparable: false }),
          },
        ]
      : [];
    return [
      ...claim("ann", "ANN transformer, bit error rate", ann, setting),
      ...claim("spiking", `Digital spiking transformer, T = ${spikingSteps}, bit error rate`, spiking, setting),
      ...claim("xpikeformer", `Xpikeformer on hardware, T = ${hardwareSteps}, bit error rate`, hardware, setting),
      ...gap,
    ];
  });
}
