import { expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { chipAt, programChip, readChip } from "../simulation/chip.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { ageingChips, compensatedHardware, weightErrors } from "./ageing.ts";

const YEAR = 365.25 * 86_400;

function mapped(crossbar: object, compensated = true) {
  const experiment = tinyExperiment({
    model: { kind: "spiking" },
    hardware: { crossbar: { rows: 7, columns: 6, ...crossbar } } as never,
  });
  const network = initialise(
    experiment.model as SpikingSpec,
    networkGeometry(experiment, createTask(experiment)),
    stream(1),
  );
  const plain = { ...network, model: { ...network.model, normalisation: "none" as const } };
  const hardware = compensatedHardware(experiment.hardware, compensated);
  return { network: plain, hardware, mapping: mapNetwork(plain, hardware, experiment.task.coding) };
}

const layerOf = (of: ReturnType<typeof mapped>, part: string) =>
  of.mapping.layers.find(({ name }) => name === `blocks.0.${part}`)!;

test("ideal devices have no error at any age", () => {
  const of = mapped({ device: { kind: "ideal" }, conductanceBits: null });
  const chips = ageingChips(of, layerOf(of, "up"), 3, stream(4));
  for (const age of [1, YEAR]) for (const error of weightErrors(chips, age)) expect(error).toBeLessThan(1e-6);
});

test("each chip is the chip of an evaluation, by its devices", () => {
  const of = mapped({});
  const layer = layerOf(of, "projection");
  const random = stream(4);
  const errors = weightErrors(ageingChips(of, layer, 3, random), YEAR);
  const whole = programChip(of.network, of.mapping, of.hardware, random.fork("chip", 2));
  const readings = readChip(chipAt(whole, YEAR), random.fork("chip", 2).fork("run"));
  const { data } = of.network.parameters["blocks.0.projection.weight"];
  let [off, all] = [0, 0];
  const { tile } = layer.blocks[0];
  for (const { crossbar, rowStart, columnStart, rows, columns } of layer.blocks.filter((b) => b.tile === tile)) {
    for (let i = 0; i < rows * columns; i++) {
      const row = rowStart + Math.floor(i / columns);
      const wanted = data[row * layer.outputs + columnStart + (i % columns)];
      off += (readings[crossbar].weights[i] - wanted) ** 2;
      all += wanted ** 2;
    }
  }
  expect(errors[2]).toBeCloseTo(Math.sqrt(off / all), 10);
  expect(new Set(errors).size).toBe(3);
});

test("errors grow with age, and less with compensation", () => {
  const [with_, without] = [true, false].map((compensated) => {
    const of = mapped({}, compensated);
    const chips = ageingChips(of, layerOf(of, "up"), 20, stream(4));
    const mean = (age: number) => weightErrors(chips, age).reduce((sum, error) => sum + error, 0) / 20;
    return [mean(1), mean(YEAR)];
  });
  expect(without[1]).toBeGreaterThan(1.5 * without[0]);
  expect(with_[1]).toBeLessThan(without[1]);
  expect(with_[1]).toBeGreaterThan(with_[0]);
});
