/** Bit error rates of all detectors over SNR, time steps and context, and what the first chip looks like. */
import type { DetectionErrors } from "../task/metrics.ts";
import type { ChartDraft } from "./build-report.ts";
import { baselines, chipRates, type DetectionRun, fromPilots, NAMES } from "./detection-run.ts";
import { densitiesChart, layoutChart, rasterChart } from "./machine.ts";
import { chipsOf, onLogAxis, pointAt, rateFigure, stepsOnChips } from "./study.ts";

export function detectionCharts(run: DetectionRun): ChartDraft[] {
  const { experiment, mapping, rasters, chips } = run;
  const { snrDecibels } = experiment.evaluation;
  const rates = { label: "Bit error rate", scale: "log" as const };
  const list: ChartDraft[] = [];
  if (snrDecibels.length > 0) {
    list.push({
      kind: "lines",
      id: "ber-snr",
      title: "Bit error rate against signal-to-noise ratio",
      caption:
        `All pilots known; ${chipsOf(run.chipsBySnr[0])}${stepsText(run)}. Every ratio uses the same ${experiment.evaluation.curvePrompts} channels, ` +
        "symbols and noise shapes. Bars: 95 % interval. Dashed: classical receivers.",
      x: { label: "SNR, dB", ticks: [...snrDecibels] },
      y: rates,
      series: [
        ...fromPilots(run).map(({ name, bySnr }) => series(name, snrDecibels, bySnr, true)),
        ...baselines(run).map(([role, { bySnr }]) => series(NAMES[role], snrDecibels, bySnr)),
        {
          name: "Xpikeformer on hardware",
          points: run.chipsBySnr.map((errors, i) => {
            const rates = chipRates(errors, experiment);
            return onLogAxis(pointAt(snrDecibels[i], rateFigure("ber", "chips", rates)), errors[0].bits.trials);
          }),
        },
      ],
    });
  }
  list.push(stepsChart(run));
  if (chips[0].byContext.length > 0) list.push(contextChart(run));
  list.push(densitiesChart(chips));
  if (Object.keys(rasters).length > 0) list.push(rasterChart(rasters));
  list.push(layoutChart(mapping));
  return list;
}

function contextChart(run: DetectionRun): ChartDraft {
  const { byContext } = run.chips[0];
  const context = byContext.map((_, pilots) => pilots);
  return {
    kind: "lines",
    id: "ber-context",
    title: "Bit error rate against context length",
    caption: "With 0, 1, ... pilots before the query: the network learns the channel from its prompt alone.",
    x: { label: "Pilots before the query" },
    y: { label: "Bit error rate", scale: "log" },
    series: [
      ...fromPilots(run).map(({ name, byContext }) => series(name, context, byContext, true)),
      ...baselines(run).map(([role, { byContext }]) => series(NAMES[role], context, byContext)),
      series("Xpikeformer on hardware, first chip", context, byContext),
    ],
  };
}

function stepsChart(run: DetectionRun): ChartDraft {
  const { experiment, chipBySteps, networks } = run;
  const { steps, errors } = chipBySteps;
  const points = steps.map((step, i) => {
    const atStep = errors.map((row) => row[i]);
    const rate = rateFigure("ber", "chips", chipRates(atStep, experiment));
    return onLogAxis(pointAt(step, rate), atStep[0].bits.trials);
  });
  const ann = networks.ann?.errors.bits.rate;
  return {
    kind: "lines",
    id: "ber-steps",
    title: "Bit error rate against time steps",
    caption: "The same network on chips, read out after T steps. Bars: 95 % interval over chips and prompts.",
    x: { label: "Time steps T", ticks: [...steps] },
    y: { label: "Bit error rate", scale: "log" },
    series: [{ name: "Xpikeformer on hardware", points }],
    rules: ann === undefined ? [] : [{ label: NAMES.ann, y: ann }],
  };
}

function series(name: string, x: readonly number[], errors: readonly DetectionErrors[], dashed = false) {
  const points = errors.map(({ bits: { rate, low, high, trials } }, i) =>
    onLogAxis({ x: x[i], y: rate, low, high }, trials),
  );
  return { name, dashed, points };
}

/** The time steps of each spiking network, for a chart that shows both. */
function stepsText({ experiment, spikingBySteps = [] }: DetectionRun): string {
  const spiking = spikingBySteps.length > 0 ? `, digital spiking transformer at T = ${spikingBySteps.length}` : "";
  return ` at T = ${stepsOnChips(experiment)}${spiking}`;
}
