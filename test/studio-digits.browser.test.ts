/**
 * The tab of digits, whose chips often make no error at all: charts draw a rate of 0 where it belongs, and name what they count. Run
 * `npm run build` first, as `npm test` does.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  decodeCheckpoint,
  evaluateDrift,
  type Network,
  openExperiment,
  parseDurations,
  parseExperiment,
  type SpikingSpec,
} from "../dist/index.js";
import { loadImageData, MNIST_SLICE, nodeExecutor } from "../dist/node.js";
import { hostStudio } from "./support/studio-page.ts";

const root = join(import.meta.dirname, "..");
const studio = hostStudio();

test("a year of digits is the error rate of the drift study, and charts draw an error rate of 0 at a tick that says 0", async () => {
  const given = parseExperiment(readFileSync(join(root, "examples/mnist.json"), "utf8"));
  const small = { hardware: { ...given.hardware, chips: 1 }, evaluation: { ...given.evaluation, prompts: 32 } };
  const json = { ...given, ...small };
  const { page, errors } = await studio.open(
    (page) => page.route("**/mnist.json", (route) => route.fulfill({ json })),
    {
      fragment: "example=mnist",
    },
  );
  await page.locator("[data-figure='accuracy.xpikeformer'][data-value='1']").waitFor();

  const plane = page.getByRole("listbox", { name: "Machines tried" });
  const dot = plane.locator(".dot.now .mark").first();
  const zero = plane.locator("text.end", { hasText: /^0$/ });
  await zero.waitFor();
  const [mark, tick] = await Promise.all([dot.boundingBox(), zero.boundingBox()]);
  expect(Math.abs(mark!.y + mark!.height / 2 - (tick!.y + tick!.height / 2))).toBeLessThan(4);
  expect(await plane.textContent()).toContain("error rate, logarithmic");

  await page.getByRole("button", { name: "Measure", exact: true, disabled: false }).press("Enter");
  await page.getByText("Strokes are 95 % intervals.").waitFor();
  const { data } = await loadImageData("mnist-slice", MNIST_SLICE);
  const name = given.checkpoints.network!.replace("bundled:", "");
  const network = decodeCheckpoint(readFileSync(join(root, "networks", `${name}.safetensors`)))
    .network as Network<SpikingSpec>;
  const executor = nodeExecutor(2);
  const ages = parseDurations("1s,1y", "ages");
  const options = { executor, chips: 2, prompts: 64, command: "xpike eval --drift", versions: {} };
  const { figures } = await evaluateDrift(openExperiment(given, data), { network }, ages, options);
  await executor.close();
  const rates = page.locator(".year svg.rates").first();
  const shown = new Map<string, number>();
  for (const { text } of ages) {
    for (const [side, id] of [
      ["with", "compensated"],
      ["without", "uncompensated"],
    ]) {
      const value = Number(await rates.locator(`.${side} [data-age="${text}"]`).getAttribute("data-value"));
      expect(value).toBe(figures.find((figure) => figure.id === `error.drift.hwat.${id}.${text}`)!.value);
      shown.set(`${side} ${text}`, value);
    }
  }
  expect(shown.get("with 1s")).toBe(0);
  expect(shown.get("without 1y")).toBeGreaterThan(0.1);
  const [first, axis] = await Promise.all([
    rates.locator('.with [data-age="1s"] circle').boundingBox(),
    rates.locator("text.end", { hasText: /^0$/ }).boundingBox(),
  ]);
  expect(Math.abs(first!.y + first!.height / 2 - (axis!.y + axis!.height / 2))).toBeLessThan(4);
  const said = (await page.locator(".year figure").first().textContent())!;
  expect(said).toContain("The error rate of 2 chips");
  expect(said).toMatch(/After 1 year: 0 \(0 to 0\.\d+\), from 0 \(0 to 0\.\d+\); without compensation 0\.\d+ \(/);
  expect(said).not.toContain("accuracy");
  expect(await page.evaluate(() => document.body.outerHTML.includes("NaN"))).toBe(false);
  expect(errors).toEqual([]);
});
