/**
 * The report of a run that detects symbols, on a link or on slots: bit error rates of classical receivers, ANN, digital spiking network
 * and Xpikeformer on simulated chips. Each task adds its words, its receivers and what it compares with (`DetectionWords`).
 */
import { deviceOfCrossbar } from "../device/catalogue.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { deviation } from "../numeric/statistics.ts";
import { type Sample, sameOnAllChips, sampleOf, scaled } from "../numeric/variance-components.ts";
import type { DetectionErrors } from "../task/metrics.ts";
import { type BriefDraft, buildReport, type FigureDraft } from "./build-report.ts";
import { codedCharts, codedFigures, codedNotes, codedRows } from "./coded.ts";
import { costHighlights, costRows } from "./cost-run.ts";
import { detectionCharts } from "./detection-charts.ts";
import {
  baselines,
  chipRates,
  type DetectionExperiment,
  type DetectionRun,
  type DetectionSpec,
  type DetectionWords,
  type DetectorResult,
  fromPilots,
  NAMES,
  type NetworkRole,
  type ReceiverResult,
  roles,
} from "./detection-run.ts";
import { equalityOf, equalityWords } from "./equality.ts";
import { exitFigures, exitShares } from "./exit.ts";
import { formatQuantity } from "./format.ts";
import { machineFigures } from "./machine.ts";
import { errorRateFigure } from "./measured.ts";
import type { Report } from "./report.ts";
import { softBitCharts, softBitFigures } from "./soft-bits.ts";
import { sourcesOf } from "./sources.ts";
import {
  changeFigure,
  chipsOf,
  rateFigure,
  ratesOf,
  ratioFigure,
  signedWithInterval,
  sizeWithHeads,
  spikingName,
  stepsOnChips,
  timeSteps,
} from "./study.ts";

export function detectionReport(run: DetectionRun, words: DetectionWords): Report {
  const { experiment } = run;
  const hardware = chipFigure(run);
  const coded = run.coded ? codedFigures(run.coded, run.cost.figures) : [];
  const tests = equalityOf(run);
  const gap = gapFigures(run).find(({ id }) => id === "gap.ann");
  const against = gap
    ? ` The difference from ${run.cost.annName} is ${signedWithInterval(gap)}: ${equalityWords(run)}.`
    : "";
  return buildReport({
    title: `${experiment.name}: ${words.subject} on simulated Xpikeformer hardware`,
    summary:
      `On ${chipsOf(run.chips)} the ${spikingName(experiment.model)} detects symbols with a bit error rate of ` +
      `${formatQuantity(hardware).value}.${against}`,
    description: `${words.link} ${describe(experiment)}`,
    experiment,
    command: run.command,
    seed: run.seed,
    versions: { ...run.versions },
    notes: [...run.notes, ...codedNotes(coded), ...run.cost.notes],
    sources: [...sourcesOf(run.experiment), ...run.cost.sources],
    highlights: highlights(run, words),
    brief: brief(run, words, coded, tests),
    figures: [
      ...errorFigures(run, hardware),
      ...tests,
      ...snrFigures(run, words),
      ...stepFigures(run),
      ...equalStepFigures(run),
      ...exitFigures(run.chips, exitShares(run.chips), (errors) =>
        rateFigure("ber.xpikeformer.exit", "Xpikeformer on hardware, exit by margin", chipRates(errors, experiment)),
      ),
      ...(run.softBits ? softBitFigures(run.softBits) : []),
      ...coded,
      ...machineFigures(run),
      ...run.cost.figures,
    ],
    charts: [
      ...detectionCharts(run),
      ...(run.softBits ? softBitCharts(run.softBits) : []),
      ...(run.coded ? codedCharts(run.coded) : []),
      ...run.cost.charts,
    ],
    claims: [...words.claims(run), ...run.cost.claims],
  });
}

/** After the link: the network on chips, the hardware and the prompts. */
function describe({ model, hardware, evaluation }: DetectionExperiment): string {
  const steps = model.kind !== "ann" ? `, T = ${model.steps}` : "";
  const { scope } = hardware.compensation;
  const compensated = scope === "none" ? "" : `, drift compensated by ${scope}`;
  return (
    `The network on chips has ${sizeWithHeads(model)}${steps}. Hardware: ${hardware.crossbar.rows} x ${hardware.crossbar.columns} crossbars of ` +
    `${deviceOfCrossbar(hardware.crossbar).name}, ${hardware.crossbar.conductanceBits ?? "continuous"}-bit ` +
    `conductances, ${hardware.adc.bits ?? "exact"}-bit converters, read ${hardware.readTime} s after programming${compensated}. Every detector ` +
    `sees the same ${evaluation.prompts} prompts, none of them used in training.`
  );
}

/** "QPSK at 0 to 30 dB". */
export function snrText({ modulation, snrDecibels: snr }: Pick<DetectionSpec, "modulation" | "snrDecibels">): string {
  const range = typeof snr === "number" ? `${snr} dB` : `${snr.min} to ${snr.max} dB`;
  return `${modulation.toUpperCase().replace("QAM", "-QAM")} at ${range}`;
}

/** Bit error rates of what is not on a chip, prompt by prompt, beside those of chips. */
const sharedRates = ({ wrong }: DetectionErrors, chips: Sample, experiment: DetectionExperiment): Sample =>
  ratesOf(sameOnAllChips(wrong, chips), experiment);

/** The mean over chips; chips and prompts both are samples. */
export function chipFigure({ chips, experiment }: Pick<DetectionRun, "chips" | "experiment">): FigureDraft {
  const rates = chipRates(
    chips.map(({ errors }) => errors),
    experiment,
  );
  return rateFigure("ber.xpikeformer", `Xpikeformer on hardware, mean of ${chipsOf(chips)}`, rates);
}

/** The ANN's error rate on the prompts of chips, and the chips' minus it, as in a report. */
export const annFigures = (
  run: Pick<DetectionRun, "chips" | "experiment"> & { readonly ann: DetectionErrors },
): FigureDraft[] => [
  errorRateFigure("ber.ann", NAMES.ann, run.ann.bits),
  ...gapFigures({ ...run, networks: { ann: { errors: run.ann } } }),
];

/** The rate of chips minus that of the same chips on another machine, from wrong bits by chip and prompt. */
export function chipChange(
  after: readonly ArrayLike<number>[],
  before: typeof after,
  experiment: Experiment,
): FigureDraft {
  const rates = (wrong: typeof after) => ratesOf(sampleOf(wrong), experiment);
  return changeFigure("change.ber", "Change of the bit error rate", rates(after), rates(before));
}

/** What a gap is computed from. */
type Compared = Pick<DetectionRun, "chips" | "experiment" | "spikingBySteps"> & {
  readonly networks: Readonly<Partial<Record<NetworkRole, Pick<DetectorResult, "errors">>>>;
};

/** The accuracy lost to hardware and spikes relative to each baseline, paired by prompt. */
function gapFigures({ chips, networks, experiment, spikingBySteps }: Compared): FigureDraft[] {
  const rates = chipRates(
    chips.map(({ errors }) => errors),
    experiment,
  );
  return (["ann", "spiking"] as const).flatMap((role) => {
    const baseline = networks[role];
    if (!baseline) return [];
    const label = `Xpikeformer on hardware minus ${NAMES[role]}${role === "spiking" ? ownStepsOf(spikingBySteps) : ""}`;
    return changeFigure(`gap.${role}`, label, rates, sharedRates(baseline.errors, rates, experiment));
  });
}

/** Names the digital spiking network's T, which may differ from the chips'. */
const ownStepsOf = (bySteps: readonly unknown[] = []): string =>
  bySteps.length === 0 ? "" : ` at its T = ${bySteps.length}`;

/** The rate on chips after each number of time steps. */
const stepFigures = ({ chipBySteps: { steps, errors }, experiment }: DetectionRun): FigureDraft[] =>
  steps.flatMap((step, i, all) => {
    if (all.indexOf(step) < i) return [];
    const rates = chipRates(
      errors.map((row) => row[i]),
      experiment,
    );
    return rateFigure(`ber.xpikeformer.steps.${step}`, `Xpikeformer on hardware after ${timeSteps(step)}`, rates);
  });

/** The digital spiking baseline at the chips' T, if it ran that many steps, and the chips minus the baseline. */
function equalStepFigures({ chips, experiment, spikingBySteps = [] }: DetectionRun): FigureDraft[] {
  const steps = stepsOnChips(experiment);
  const errors = spikingBySteps[steps - 1];
  if (!errors) return [];
  const rates = chipRates(
    chips.map(({ errors }) => errors),
    experiment,
  );
  const label = `Xpikeformer on hardware minus ${NAMES.spiking}, both after ${timeSteps(steps)}`;
  return [
    errorRateFigure(`ber.spiking.steps.${steps}`, `${NAMES.spiking} after ${timeSteps(steps)}`, errors.bits),
    changeFigure(`gap.spiking.steps.${steps}`, label, rates, sharedRates(errors, rates, experiment)),
  ];
}

/** At each SNR the rate of every detector, and that of the chips over those of the network that they follow and of the best receiver. */
function snrFigures(run: DetectionRun, { best }: DetectionWords): FigureDraft[] {
  const { experiment, chipsBySnr } = run;
  return experiment.evaluation.snrDecibels.flatMap((snr, i, all) => {
    if (all.indexOf(snr) < i) return [];
    const at = (label: string) => `${label}, ${snr} dB`;
    const chips = chipRates(chipsBySnr[i], experiment);
    const others = [
      ...baselines(run).map(([role, { bySnr }]) => ({ id: role, name: NAMES[role], errors: bySnr[i] })),
      ...fromPilots(run).map(({ id, name, bySnr }) => ({ id, name, errors: bySnr[i] })),
    ];
    return [
      ...others.map(({ id, name, errors }) => errorRateFigure(`ber.${id}.snr.${snr}`, at(name), errors.bits)),
      rateFigure(`ber.xpikeformer.snr.${snr}`, at("Xpikeformer on hardware"), chips),
      ...others
        .filter(({ id }) => ["ann", best.id].includes(id))
        .flatMap(({ id, name, errors }) => {
          const shared = sharedRates(errors, chips, experiment);
          return ratioFigure(`ratio.${id}.snr.${snr}`, at(`Xpikeformer's bit error rate over: ${name}`), chips, shared);
        }),
    ];
  });
}

/** Bit error rates of classical receivers. */
export const receiverFigures = (receivers: readonly Pick<ReceiverResult, "id" | "name" | "errors">[]): FigureDraft[] =>
  receivers.map(({ id, name, errors }) => errorRateFigure(`ber.${id}`, name, errors.bits));

function errorFigures(run: DetectionRun, hardware: FigureDraft): FigureDraft[] {
  const figures = receiverFigures(run.receivers);
  for (const [role, result] of roles(run))
    figures.push(errorRateFigure(`ber.${role}`, NAMES[role], result.errors.bits));
  figures.push(hardware);
  const ownRates = run.chips.map(({ errors }) => errors.bits.rate);
  const trials = ownRates.length;
  if (trials > 1) {
    const label = "Standard deviation between chips";
    figures.push({ id: "ber.xpikeformer.deviation", label, value: deviation(ownRates), unit: "1", trials });
  }
  figures.push(...gapFigures(run));
  for (const { id, name, errors } of run.receivers) {
    figures.push(errorRateFigure(`ser.${id}`, `Symbol error rate: ${name}`, errors.symbols));
  }
  for (const [role, result] of roles(run)) {
    figures.push(errorRateFigure(`ser.${role}`, `Symbol error rate: ${NAMES[role]}`, result.errors.symbols));
  }
  const { prompts, symbols } = run.chips[0].errors;
  const wrongSymbols = sampleOf(run.chips.map(({ errors }) => errors.wrongSymbols));
  const rates = scaled(wrongSymbols, prompts / symbols.trials);
  figures.push(rateFigure("ser.xpikeformer", "Symbol error rate: Xpikeformer on hardware", rates));
  return figures;
}

/** The machine's error rate, that of its reference, and the energy ratios. */
function highlights(run: DetectionRun, { best }: DetectionWords): string[] {
  const against = roles(run)[0]?.[0] ?? best.id;
  return ["ber.xpikeformer", `ber.${against}`, ...costHighlights(run.cost)];
}

/**
 * All rows are at the T that the chips ran; a digital spiking network that runs fewer steps has no row. The difference from the ANN is in
 * the summary.
 */
function brief(
  run: DetectionRun,
  { best }: DetectionWords,
  coded: readonly FigureDraft[],
  tests: readonly FigureDraft[],
): BriefDraft {
  const steps = stepsOnChips(run.experiment);
  const rate = (figure: string, of: string) => ({ figure, label: `Bit error rate: ${of}` });
  const atSteps = `ber.spiking.steps.${steps}`;
  const hasBest = run.receivers.some(({ id }) => id === best.id);
  return {
    heading: `At T = ${timeSteps(steps)}`,
    rows: [
      rate("ber.xpikeformer", `Xpikeformer on ${chipsOf(run.chips)}`),
      ...(run.networks.ann ? [rate("ber.ann", NAMES.ann)] : []),
      ...(run.spikingBySteps?.[steps - 1] ? [rate(atSteps, "digital spiking transformer")] : []),
      ...(hasBest ? [rate(`ber.${best.id}`, best.name)] : []),
      ...codedRows(coded),
      ...costRows(run.cost, tests),
    ],
    remark: run.cost.remark,
  };
}
