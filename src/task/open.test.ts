import { expect, test } from "vitest";
import { tinyImageExperiment, tinyImages } from "../../test/support/tiny-images.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { type DataOf, kitOf } from "./catalogue.ts";
import { openExperiment, opened, reopened } from "./open.ts";

const images = tinyImageExperiment({ steps: 2 });
const link = parseExperiment({ model: { width: 16, heads: 2 } });

test("an experiment that generates its prompts opens by itself and keeps no data", () => {
  const { experiment, data, task } = opened(link);
  expect([experiment, data]).toEqual([link, null]);
  expect(task.geometry).toEqual(kitOf(link.task).create(link.task, link.model.steps, null).geometry);
  expect(openExperiment(link, tinyImages as unknown as DataOf<typeof link.task>).data).toBeNull();
});

test("an experiment that needs data does not open without them, or with other data", () => {
  expect(() => opened(images)).toThrow(expect.objectContaining({ tag: "spec", path: "task.data" }));
  const small = { ...tinyImages, test: { ...tinyImages.test, width: 3 } };
  expect(() => openExperiment(images, small)).toThrow(expect.objectContaining({ tag: "shape", path: "images.test" }));
});

test("an opened experiment is not opened again, and a changed experiment keeps the data", () => {
  const given = openExperiment(images, tinyImages);
  expect(opened(given)).toBe(given);
  const longer = reopened(given, { ...images, model: { ...images.model, steps: 5 } as typeof images.model });
  expect(longer.data).toBe(tinyImages);
  expect(longer.task).not.toBe(given.task);
});
