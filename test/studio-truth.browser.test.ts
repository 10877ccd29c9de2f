/**
 * One truth: for eight experiments, every figure that the studio shows or saves is that of the command's report, under the same id, with
 * the same value and interval. Run `npm run build` first, as `npm test` does.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestOptions, test } from "vitest";
import {
  decodeCheckpoint,
  type Experiment,
  machineByName,
  type Network,
  openExperiment,
  parseExperiment,
  type Report,
  runExperiment,
  type SpikingSpec,
} from "../dist/index.js";
import { FASHION_SLICE, loadImageData, MNIST_SLICE, nodeExecutor } from "../dist/node.js";
import { parseReport, reportJson } from "../dist/report.js";
import { NIGHTLY } from "./support/nightly.ts";
import { hostStudio } from "./support/studio-page.ts";

const root = join(import.meta.dirname, "..");
/** Of the evaluation, and chips. */
const [PROMPTS, CHIPS] = [40, 2];

const read = (path: string): Experiment => parseExperiment(readFileSync(join(root, path), "utf8"), path);
const link = read("examples/wireless-2x2.json");
const withHardware = (hardware: object): Experiment => ({ ...link, hardware: { ...link.hardware, ...hardware } });
const onSlice = (path: string, data: string): Experiment => {
  const { task, ...others } = read(path);
  return parseExperiment(JSON.stringify({ ...others, task: { ...task, data } }));
};

const SLICES: Readonly<Record<string, string>> = { "fashion-mnist-slice": FASHION_SLICE, "mnist-slice": MNIST_SLICE };

const EXPERIMENTS: readonly (readonly [name: string, experiment: Experiment, options?: TestOptions])[] = [
  ["a link", link],
  ["a deeper network with copies of the query", read("examples/wireless-2x2-deep.json"), NIGHTLY],
  ["a realistic machine, a year old", read("examples/wireless-2x2-realistic.json"), NIGHTLY],
  ["clothes", onSlice("examples/fashion-tiny.json", "fashion-mnist-slice")],
  ["digits", onSlice("examples/mnist.json", "mnist-slice"), NIGHTLY],
  ["columns read as charges", withHardware(machineByName("charge"))],
  ["faults", read("networks/wireless-2x2-faults.json"), NIGHTLY],
  ["all tokens of a step, then the next step", withHardware({ order: "step-major" }), NIGHTLY],
];

const studio = hostStudio();

const networkNamed = (name: string): Network =>
  decodeCheckpoint(readFileSync(join(root, "networks", `${name.replace("bundled:", "")}.safetensors`))).network;

/** The report that `xpike run --json` prints, read back. */
async function commandReport(experiment: Experiment): Promise<Report> {
  const { task, checkpoints, evaluation, model } = experiment;
  const name = task.kind === "image-classification" ? (task.data as string) : null;
  const data = name === null ? null : (await loadImageData(name as "mnist-slice", SLICES[name])).data;
  const steps = model.kind === "spiking" ? [model.steps] : [1];
  const opened = openExperiment({ ...experiment, evaluation: { ...evaluation, steps } }, data);
  const networks = {
    network: networkNamed(checkpoints.network!) as Network<SpikingSpec>,
    ann: networkNamed(checkpoints.ann!),
  };
  const executor = nodeExecutor(2);
  const report = await runExperiment(opened, networks, { executor, command: "xpike run", versions: {} });
  await executor.close();
  return parseReport(reportJson(report));
}

for (const [name, given, options = {}] of EXPERIMENTS) {
  test(`the studio shows and saves the figures of the command: ${name}`, options, async () => {
    const evaluation = { ...given.evaluation, prompts: PROMPTS, curvePrompts: 1, curveChips: 1, snrDecibels: [10] };
    const experiment = { ...given, hardware: { ...given.hardware, chips: CHIPS }, evaluation };
    const { page, errors } = await studio.open();
    await page.locator("#decided").waitFor();
    const file = { name: "experiment.json", mimeType: "", buffer: Buffer.from(JSON.stringify(experiment)) };
    await page.getByLabel("Files to open").setInputFiles([file]);
    await page.locator(`#basis[data-chips="${CHIPS}"][data-prompts="${PROMPTS}"]`).waitFor();
    await page.locator("[data-compared='gap.ann'][data-value]").waitFor();
    const isLink = experiment.task.kind === "symbol-detection";
    if (isLink) await page.locator("[data-compared='ber.ml.pilots']").waitFor();

    const report = await commandReport(experiment);
    const figures = new Map(report.figures.map((figure) => [figure.id, figure]));
    const shown = await page.locator("[data-figure], [data-compared]").evaluateAll((elements) =>
      elements.map((element) => {
        const { figure, compared, value } = (element as HTMLElement).dataset;
        return [figure ?? compared!, Number(value)] as const;
      }),
    );
    expect(shown.length).toBeGreaterThan(12);
    for (const [id, value] of shown) {
      const expected = id === "guessing" ? (isLink ? 0.5 : expect.closeTo(0.1, 12)) : figures.get(id)?.value;
      expect([id, value]).toEqual([id, expected]);
    }

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save figures" }).click(),
    ]);
    const saved = parseReport(readFileSync(await download.path(), "utf8"));
    expect(saved.figures.length).toBeGreaterThan(40);
    for (const { id, value, interval } of saved.figures) {
      const expected = figures.get(id);
      // Of the costs, the ratios to the ANN have the ranges of their prices here too.
      const ends = id.startsWith("cost.") && !id.startsWith("cost.ratio.ann") ? undefined : expected?.interval;
      expect([id, value, interval]).toEqual([id, expected?.value, ends]);
    }
    expect(errors).toEqual([]);
  });
}
