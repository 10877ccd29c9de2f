/** The cost section of a run, from small chips that were really simulated. */
import { describe, expect, test } from "vitest";
import { ARCHITECTURE_IDS } from "../cost/architectures/catalogue.ts";
import { chooseSteps } from "../cost/iso-accuracy.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { programChip } from "../simulation/chip.ts";
import { calibrate, simulate } from "../simulation/reference/simulate.ts";
import { parseExperiment } from "../spec/parse.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { buildReport } from "./build-report.ts";
import { costSection } from "./cost-run.ts";

const experiment = parseExperiment({
  task: { pilots: 3, coding: "thermometer" },
  model: { kind: "spiking", width: 32, depth: 2, heads: 2, steps: 4, normalisation: "none" },
});

function simulated(chip: number) {
  if (experiment.model.kind !== "spiking") throw new Error("the model is spiking");
  const task = createTask(experiment);
  const root = stream(3);
  const network = initialise(experiment.model, networkGeometry(experiment, task), root.fork("network"));
  const mapping = mapNetwork(network, experiment.hardware, experiment.task.coding);
  const { spikes } = task.draw(4, root.fork("prompts"), { values: false });
  const random = root.fork("chip", chip);
  const fresh = programChip(network, mapping, experiment.hardware, random);
  return simulate(calibrate(fresh, spikes!, random), spikes!, random, { rasters: 1 });
}

const chips = [simulated(0), simulated(1)];
const curve = { steps: [1, 2, 3, 4], rates: [0.2, 0.1, 0.081, 0.08] };
const [{ rasters }] = chips;
const section = costSection({ experiment, chips, rasters, curve, annRate: 0.05, snnSteps: 2 });
const figure = (id: string) => section.figures.find((one) => one.id === id)!.value;

describe("the cost section", () => {
  test("fits into a report, with a link to every source that is a publication", () => {
    const header = { title: "t", summary: "s", description: "d", command: "c", seed: 1, versions: {} };
    const { charts, ...rest } = section;
    const report = buildReport({ ...header, ...rest, charts, highlights: ["cost.xpikeformer.energy"] });
    const unlinked = report.sources.filter(({ url }) => url === undefined).map(({ text }) => text);
    expect([...new Set(unlinked)]).toEqual(["Assumptions of this model, each with its reason"]);
    expect(report.notes.some((note) => note.includes("by hand"))).toBe(false);
  });

  test("gives the energy per detected symbol of every machine, two symbols a prompt, at T chosen by accuracy", () => {
    expect(figure("cost.isoAccuracy.steps")).toBe(3);
    for (const id of ARCHITECTURE_IDS) {
      expect(figure(`cost.isoAccuracy.${id}.symbol`), id).toBeGreaterThan(0);
      expect(figure(`cost.${id}.energy`) / figure(`cost.${id}.symbol`), id).toBe(2);
    }
    const [asRun, chosen] = [figure("cost.xpikeformer.symbol"), figure("cost.isoAccuracy.xpikeformer.symbol")];
    // Three of four steps: everything but nothing is proportional to T here, since inputs are spikes.
    expect(chosen / asRun).toBeCloseTo(0.75, 9);
    expect(figure("cost.isoAccuracy.annDigital.symbol")).toBe(figure("cost.annDigital.symbol"));
  });

  test("says where accuracies are not equal", () => {
    expect(section.notes.join("\n")).toContain(
      "Energies are not at equal accuracy: no T measured reaches the ANN's 0.0500; T = 3",
    );
    const equal = costSection({ experiment, chips, rasters, curve, annRate: 0.1 });
    expect(equal.figures.find(({ id }) => id === "cost.isoAccuracy.steps")!.value).toBe(2);
    expect(equal.notes).toEqual([]);
  });
});

describe("time steps by accuracy", () => {
  test.each([
    [0.1, 2, true],
    [0.096, 2, true],
    [0.08, 3, true],
    [0.01, 3, false],
    [undefined, 3, false],
  ])("for a target of %s", (target, steps, reached) => {
    expect(chooseSteps(curve.steps, curve.rates, target)).toMatchObject({ steps, reached });
  });
});
