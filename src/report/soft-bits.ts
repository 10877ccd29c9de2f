/**
 * Figures of soft bits at each SNR: generalised mutual information, at their word and at the best scale, and calibration error, beside
 * the capacity that no receiver exceeds.
 */
import { FIT_COSTS, type SoftBitFit } from "../evaluation/soft-bits.ts";
import type { Interval } from "../numeric/statistics.ts";
import { deviation, mean, studentQuantile } from "../numeric/statistics.ts";
import { type Sample, sampleMean, sampleOf } from "../numeric/variance-components.ts";
import { bestScale, calibration, informationByRow } from "../task/soft-bits.ts";
import type { ChartDraft, FigureDraft } from "./build-report.ts";
import { meanFigure } from "./measured.ts";
import { changeFigure, intervalKind, pointAt } from "./study.ts";

/** The soft bits of one detector. */
export interface SoftDetector {
  readonly id: string;
  readonly name: string;
  /** Agreements at each SNR, for each chip or once, `[prompts, bits]`. */
  readonly agreed: readonly (readonly Float64Array[])[];
  readonly dashed?: boolean;
}

export interface SoftBitsRun {
  readonly snrDecibels: readonly number[];
  readonly bits: number;
  /** Receivers and networks; the first is the capacity if there is one, and the ANN may be missing. */
  readonly detectors: readonly SoftDetector[];
  /** Soft bits of chips as they come. */
  readonly chips: SoftDetector;
  readonly fit: {
    readonly kind: SoftBitFit;
    readonly prompts: number;
    /** For each SNR, the scale of each chip; 1 without a fit. */
    readonly scales: readonly (readonly number[])[];
  };
}

/** Groups of prompts for the error of a calibration error. */
const GROUPS = 20;

export function softBitFigures(run: SoftBitsRun): FigureDraft[] {
  const { snrDecibels, bits, fit } = run;
  const fitted = fittedChips(run);
  const ann = run.detectors.find(({ id }) => id === "ann");
  const figures = snrDecibels.flatMap((snr, i, all) => {
    if (all.indexOf(snr) < i) return [];
    const gap = ann
      ? [
          changeFigure(
            `gmi.gap.ann.snr.${snr}`,
            `Mutual information, ${fitted.name} minus ${ann.name}, ${snr} dB`,
            informationOf(fitted.agreed[i], bits),
            informationOf(
              fitted.agreed[i].map(() => ann.agreed[i][0]),
              bits,
            ),
          ),
        ]
      : [];
    const own = fit.kind === "none" ? [] : [scaleFigure(fit.scales[i], snr)];
    return [...allOf(run).flatMap((one) => figuresAt(one, i, snr, bits)), ...gap, ...own];
  });
  return [...figures, ...costFigures(run)];
}

/** Chips whose soft bits are multiplied by their own scales. */
const fittedChips = ({ chips, fit: { kind, scales } }: SoftBitsRun): SoftDetector =>
  kind === "none"
    ? chips
    : {
        id: `${chips.id}.fitted`,
        name: `${chips.name} after their fit`,
        agreed: chips.agreed.map((rows, i) => rows.map((row, chip) => row.map((a) => scales[i][chip] * a))),
      };

const allOf = (run: SoftBitsRun): SoftDetector[] => [
  ...run.detectors,
  run.chips,
  ...(run.fit.kind === "none" ? [] : [fittedChips(run)]),
];

function figuresAt({ id, name, agreed }: SoftDetector, i: number, snr: number, bits: number): FigureDraft[] {
  const at = (what: string) => `${what}: ${name}, ${snr} dB`;
  const atBest = agreed[i].map((row) => {
    const scale = bestScale(row);
    return row.map((a) => scale * a);
  });
  return [
    informationFigure(`gmi.${id}.snr.${snr}`, at("Mutual information per coded bit"), agreed[i], bits),
    informationFigure(`gmi.${id}.scaled.snr.${snr}`, at("Mutual information at the best scale"), atBest, bits),
    calibrationFigure(`calibration.${id}.snr.${snr}`, at("Calibration error"), agreed[i], bits),
  ];
}

/** Bits per coded bit, by chip and prompt. */
const informationOf = (rows: readonly Float64Array[], bits: number): Sample =>
  sampleOf(rows.map((row) => informationByRow(row, bits)));

function informationFigure(id: string, label: string, rows: readonly Float64Array[], bits: number): FigureDraft {
  const sample = informationOf(rows, bits);
  const { mean, low, high } = sampleMean(sample);
  const kind = intervalKind(sample, "prompts");
  return { id, label, value: mean, unit: "1", interval: { low, high, kind }, trials: sample.chips };
}

/** The mean over chips, with an interval from leaving out groups of prompts (the jackknife); its bias by noise is not corrected. */
function calibrationFigure(id: string, label: string, rows: readonly Float64Array[], bits: number): FigureDraft {
  const error = (values: readonly Float64Array[]) => mean(values.map((row) => calibration(row).error));
  const value = error(rows);
  const prompts = rows[0].length / bits;
  if (prompts < 2 * GROUPS) return { id, label, value, unit: "1", trials: rows.length };
  const without = Array.from({ length: GROUPS }, (_, group) =>
    error(rows.map((row) => row.filter((_, i) => Math.floor(i / bits) % GROUPS !== group))),
  );
  const half = (studentQuantile(GROUPS - 1) * deviation(without) * (GROUPS - 1)) / Math.sqrt(GROUPS);
  const { low, high }: Interval = { low: Math.max(0, value - half), high: Math.min(1, value + half) };
  const interval = { low, high, kind: `95 % jackknife, ${GROUPS} groups of prompts` };
  return { id, label, value, unit: "1", interval, trials: rows.length };
}

const scaleFigure = (scales: readonly number[], snr: number): FigureDraft =>
  meanFigure(`softbits.scale.snr.${snr}`, `Scale that chips fit for their soft bits, ${snr} dB`, scales);

function costFigures({ snrDecibels, fit: { kind, prompts } }: SoftBitsRun): FigureDraft[] {
  if (kind === "none") return [];
  const entries = new Set(snrDecibels).size;
  const cost = FIT_COSTS[kind](entries);
  const figure = (id: string, label: string, value: number) => ({ id: `softbits.${id}`, label, value, unit: "1" });
  return [
    figure("multiplications", "Multiplications of the fit per soft bit", cost.multiplicationsPerBit),
    figure("comparisons", "Comparisons of the fit per prompt", cost.comparisonsPerPrompt),
    figure("words", "Words of the fit per chip", cost.words),
    figure("prompts", "Prompts that each chip fits with", kind === "table" ? entries * prompts : prompts),
  ];
}

/** Mutual information and calibration error over SNR, and claimed against actual shares over all SNRs. */
export function softBitCharts(run: SoftBitsRun): ChartDraft[] {
  const { snrDecibels, bits } = run;
  if (snrDecibels.length === 0) return [];
  // Receivers that know the channel differ little from the capacity.
  const shown = allOf(run).filter(({ id }) => !id.endsWith(".perfect"));
  const x = { label: "SNR, dB", ticks: [...snrDecibels] };
  const lines = (figureOf: typeof informationFigure, from: readonly SoftDetector[]) =>
    from.map(({ name, agreed, dashed = false }) => ({
      name,
      dashed,
      points: snrDecibels.map((snr, i) => pointAt(snr, figureOf("soft", name, agreed[i], bits))),
    }));
  const fit =
    run.fit.kind === "none" ? "" : ` Each chip fits its scale on ${run.fit.prompts} prompts that no figure uses.`;
  return [
    {
      kind: "lines",
      id: "gmi-snr",
      title: "Generalised mutual information against signal-to-noise ratio",
      caption: `What a decoder gains from each soft bit taken at its word, at most the capacity.${fit} Bars: 95 % interval.`,
      x,
      y: { label: "Bits per coded bit" },
      series: lines(informationFigure, shown),
    },
    {
      kind: "lines",
      id: "calibration-snr",
      title: "Calibration error of soft bits against signal-to-noise ratio",
      caption:
        "Mean distance between the claimed and the actual share of right decisions. Bars: 95 % interval over prompts.",
      x,
      y: { label: "Calibration error" },
      series: lines(calibrationFigure, shown),
    },
    {
      kind: "lines",
      id: "calibration-curve",
      title: "Right decisions against claimed ones",
      caption:
        "All SNRs and chips together, in ten bins of the claimed probability. Right soft bits lie on the diagonal.",
      x: { label: "Claimed probability of a right decision" },
      y: { label: "Share of right decisions" },
      series: [
        { name: "as claimed", dashed: true, points: [0.5, 1].map((p) => ({ x: p, y: p })) },
        ...shown.map(({ name, agreed, dashed = false }) => ({ name, dashed, points: curveOf(agreed.flat()) })),
      ],
    },
  ];
}

function curveOf(rows: readonly Float64Array[]) {
  const all = Float64Array.from(rows.flatMap((row) => [...row]));
  return calibration(all).bins.flatMap((bin) => (bin ? [{ x: bin.claimed, y: bin.right }] : []));
}
