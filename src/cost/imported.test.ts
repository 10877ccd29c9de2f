import { describe, expect, test } from "vitest";
import { parseExperiment } from "../experiment/parse.ts";
import { countElements } from "./architectures/ann-digital.ts";
import { estimateCost } from "./cost.ts";
import { importedWorkload } from "./imported.ts";
import { experimentWorkload } from "./measured.ts";
import { findCostPreset } from "./presets.ts";
import { resolveTechnology } from "./resolve.ts";
import { networkFor } from "./workload.ts";

const task = {
  kind: "image-classification",
  data: { name: "images", height: 8, width: 8, channels: 3, classes: 5 },
  patch: 4,
  readOut: "class-token",
};
const size = { width: 16, depth: 2, heads: 2, expansion: 2, position: "learned" };
const technology = resolveTechnology(findCostPreset("simulated"));
const ann = (activation: string) => parseExperiment({ task, model: { kind: "ann", ...size, activation } });

describe("an imported network", () => {
  test("that fires is priced as it is", () => {
    const experiment = parseExperiment({ task, model: { ...size, steps: 3 } });
    const { workload, unconverted } = importedWorkload(experiment);
    expect(workload).toEqual(experimentWorkload(experiment));
    expect(unconverted).toEqual([]);
  });

  test("that is an ANN is priced on the machines that run one, beside a spiking network of its sizes", () => {
    const { workload, experiment, unconverted } = importedWorkload(ann("gelu"));
    expect(experiment.model).toMatchObject({ ...size, kind: "spiking" });
    expect(workload).toMatchObject({ depth: 2, width: 16, tokens: 5, classes: 5, steps: 4 });
    expect(networkFor(workload, "ann")).toMatchObject({ depth: 2, width: 16, tokens: 5, classes: 5, steps: 1 });
    expect(unconverted).toHaveLength(3);
    const { architectures } = estimateCost(workload, technology);
    for (const id of ["annDigital", "annAimc", "annAimcOwn"] as const) {
      expect(architectures[id].total, id).toBeGreaterThan(0);
    }
  });

  test("with ReLU needs no unit for it, unlike one with GELU", () => {
    const gelu = (activation: string) =>
      countElements(networkFor(importedWorkload(ann(activation)).workload, "ann")).gelu;
    // Two blocks of 5 tokens with 32 hidden features.
    expect(["gelu", "gelu-tanh", "relu"].map(gelu)).toEqual([320, 320, 0]);
  });
});
