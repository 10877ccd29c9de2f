import { expect, test } from "vitest";
import { commonSteps, objectiveLabel } from "./labels.ts";

const link = { task: { transmitAntennas: 2, receiveAntennas: 2 }, model: { kind: "spiking", steps: 4 } };
const bits = { "hardware.adc.bits": [4, 5] };

test("an energy says how many results an inference delivers, where all points deliver as many", () => {
  expect(objectiveLabel("energy", { axes: bits, experiment: link })).toBe("Energy per inference (2 symbols)");
  expect(objectiveLabel("latency", { axes: bits, experiment: link })).toBe("Latency");
  expect(objectiveLabel("energy", { axes: { "task.transmitAntennas": [2, 4] }, experiment: link })).toBe(
    "Energy per inference",
  );
  expect(objectiveLabel("energy", { axes: bits, experiment: { nothing: 1 } })).toBe("Energy per inference");
  const images = { task: { kind: "image-classification", data: "mnist", patch: 7 } };
  expect(objectiveLabel("energy", { axes: bits, experiment: images })).toBe("Energy per inference");
});

test("the T of all points is said once, and not where it is an axis", () => {
  expect(commonSteps({ axes: bits, experiment: link })).toBe(4);
  expect(commonSteps({ axes: { "model.steps": [2, 4] }, experiment: link })).toBeNull();
});
