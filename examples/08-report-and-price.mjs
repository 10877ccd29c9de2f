// From the network of 02-train-tiny.mjs to a report: its own answers, those of three chips, and what an answer costs.
// Run: node examples/08-report-and-price.mjs
import {
  estimateCost,
  evaluateNetwork,
  experimentWorkload,
  findCostPreset,
  hardwarePrices,
  inlineExecutor,
  jobs,
  parseExperiment,
  ratioTo,
  resolveTechnology,
  runExperiment,
} from "xpikeformer";
import { reportJson } from "xpikeformer/report";
import { network, experiment as trained } from "./02-train-tiny.mjs";

const experiment = parseExperiment({
  ...trained,
  hardware: { ...trained.hardware, chips: 3 },
  evaluation: { ...trained.evaluation, prompts: 256, curvePrompts: 64, snrDecibels: [10], steps: [8] },
});
const executor = inlineExecutor(jobs);

const { errors } = await evaluateNetwork(executor, experiment, network, { prompts: 256 });
console.log(`\nthe network itself: bit error rate ${errors.bits.rate.toFixed(3)}`);

const command = "node examples/08-report-and-price.mjs";
const report = await runExperiment(experiment, { network }, { executor, command, versions: {} });
console.log(report.summary);
console.log(`${report.figures.length} figures, ${report.charts.length} charts, ${report.sources.length} sources`);
console.log(`${Math.round(reportJson(report).length / 1000)} kB of JSON, which the studio opens`);

// The same machine with other prices, for the densities of a published network.
const prices = { set: hardwarePrices(experiment.hardware, experiment.model) };
for (const preset of ["simulated", "survey-adc"]) {
  const estimate = estimateCost(experimentWorkload(experiment), resolveTechnology(findCostPreset(preset), prices));
  const picojoules = 1e12 * estimate.architectures.xpikeformer.total;
  const ratio = ratioTo(estimate, "annDigital");
  console.log(`prices "${preset}": ${picojoules.toFixed(0)} pJ, ${ratio.toFixed(1)} times less than an int8 ANN`);
}
