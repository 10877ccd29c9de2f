/**
 * The report of an image-classification run: accuracies next to Table III of the paper, and the decisions and attention for single
 * images.
 */
import type { ImageClassificationSpec } from "../experiment/task.ts";
import type { ClaimDraft } from "./build-report.ts";
import { type ClassificationRun, type ClassifierRole, classificationReport } from "./classification.ts";
import { attentionChart, type ExampleImages, examplesChart } from "./images.ts";
import type { Report } from "./report.ts";
import { shortSize } from "./study.ts";

export interface ImageClassificationRun extends ClassificationRun<ImageClassificationSpec> {
  readonly examples: ExampleImages;
}

export const IMAGE_NETWORKS: Readonly<Record<ClassifierRole, string>> = {
  ann: "ANN vision transformer",
  spiking: "Digital spiking vision transformer",
  digital: "Xpikeformer network, exact arithmetic",
};

export function imageClassificationReport(run: ImageClassificationRun): Report {
  const { patch, shift, coding, readOut } = run.experiment.task;
  const shifted = shift === 0 ? "" : ` with copies shifted by ${shift}`;
  return classificationReport(run, {
    network: "spiking vision transformer",
    tokens: `Patches of ${patch} x ${patch} pixels${shifted} are the tokens. Input coding: ${coding}; read-out: ${readOut}.`,
    charts: [examplesChart(run.examples), ...attentionChart(run.examples)],
    claims: claims(run),
  });
}

/** Table III of the paper, accuracy in %: size, data, ANN, then the spiking networks with their T. */
const TABLE_III: readonly (readonly [string, string, number, number, number, number, number])[] = [
  ["4-384", "CIFAR-10", 83.41, 82.83, 5, 82.66, 11],
  ["6-512", "CIFAR-10", 86.02, 85.68, 4, 84.74, 10],
  ["6-512", "ImageNet-1K", 65.58, 65.42, 6, 63.36, 8],
  ["8-768", "ImageNet-1K", 71.64, 71.13, 4, 70.5, 7],
];

/** On the paper's data its accuracies, on other data only the gap. Only rows of the same data and size are comparable. */
function claims({ experiment, data, networks, cost }: ImageClassificationRun): ClaimDraft[] {
  const ours = shortSize(experiment.model);
  const sizes: Readonly<Record<string, string | undefined>> = {
    ann: cost.sizes.ann,
    spiking: cost.sizes.snn,
    xpikeformer: ours,
  };
  return TABLE_III.flatMap(([size, set, ann, spiking, spikingSteps, hardware, hardwareSteps]) => {
    const source = `Table III, ${set}, ${size}`;
    const id = `${size}-${set.toLowerCase()}`;
    const setting = `Ours is ${ours} on ${data.name}; the paper's is ${size} on ${set}.`;
    const claim = (role: string, words: string, paper: number): ClaimDraft[] =>
      role === "xpikeformer" || networks[role as ClassifierRole]
        ? [
            {
              id: `${role}-${id}`,
              source,
              claim: words,
              paper: fraction(paper),
              figure: `accuracy.${role}`,
              why: setting,
              ...(sizes[role] !== size && { comparable: false }),
            },
          ]
        : [];
    const same = data.name === set.toLowerCase();
    const gap: ClaimDraft[] = networks.ann
      ? [
          {
            id: `gap-${id}`,
            source,
            claim: "Xpikeformer minus ANN, accuracy",
            paper: fraction(hardware - ann),
            figure: "gap.ann",
            why: `${setting} Only the gap can be compared, and it may differ from data to data.`,
            ...((!same || ours !== size || cost.sizes.ann !== size) && { comparable: false }),
          },
        ]
      : [];
    if (!same) return gap;
    return [
      ...claim("ann", "ANN vision transformer, accuracy", ann),
      ...claim("spiking", `Digital spiking vision transformer, T = ${spikingSteps}, accuracy`, spiking),
      ...claim("xpikeformer", `Xpikeformer on hardware, T = ${hardwareSteps}, accuracy`, hardware),
      ...gap,
    ];
  });
}

/** From per cent to a share, without the digits that binary fractions add. */
const fraction = (percent: number): number => Number((percent / 100).toFixed(4));
