/**
 * Machines in the studio: what a knob changes, as a paired difference; the plane of machines tried; undo, redo, Back and Forward; and that
 * everything on view belongs to one machine. Run `npm run build` first, as `npm test` does.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import {
  type ChipEvaluation,
  decodeCheckpoint,
  type Experiment,
  evaluateChips,
  foldNetwork,
  mapNetwork,
  type Network,
  openExperiment,
  parseExperiment,
  type SpikingSpec,
} from "../dist/index.js";
import { asDescribed, chipFigures, firstChip, rateChange } from "../dist/internal.js";
import { nodeExecutor } from "../dist/node.js";
import { knobsOf } from "../studio/src/state/knob-list.ts";
import { offersOn } from "../studio/src/workers/offers.ts";
import { NIGHTLY } from "./support/nightly.ts";
import { hostStudio } from "./support/studio-page.ts";

const root = join(import.meta.dirname, "..");
const experiment = parseExperiment(readFileSync(join(root, "examples/wireless-2x2.json"), "utf8"));
const checkpoint = readFileSync(join(root, "networks/wireless-2x2-xpikeformer.safetensors"));
const network = decodeCheckpoint(checkpoint).network as Network<SpikingSpec>;

const studio = hostStudio();

const openStudio = studio.open;

const ENERGY = "cost.xpikeformer.symbol";

/** The machine with other converters, and all of its figures after 160 prompts of its first chip. */
async function evaluated(bits: number): Promise<{ chips: ChipEvaluation[]; energy: number }> {
  const machine = { ...experiment, hardware: { ...experiment.hardware, adc: { ...experiment.hardware.adc, bits } } };
  const executor = nodeExecutor(2);
  const chips = await evaluateChips(executor, openExperiment(machine), network, { chips: 1, prompts: 160 });
  await executor.close();
  const figures = chipFigures(machine as Experiment, chips);
  return { chips, energy: figures.find(({ id }) => id === ENERGY)!.value };
}

const bitsOf = (page: Page) => page.getByLabel("ADC bits", { exact: true });
const changeOf = (page: Page, id: string) => page.locator(`[data-change="${id}"]`);
const settled = (page: Page) => page.locator(".figures[aria-busy=false]").waitFor();

test("a knob's effect is the paired difference of the same chips and prompts, and a knob turned back has none", async () => {
  const { page, errors, snapshotOf } = await openStudio();
  await snapshotOf(1, 160);
  await settled(page);
  expect(await page.locator("[data-change][data-value]").count()).toBe(0);

  await bitsOf(page).selectOption("4");
  await page.locator("#paired[data-prompts='160'][data-chips='1']").waitFor();
  const [before, after] = [await evaluated(5), await evaluated(4)];
  const wrong = ({ chips }: typeof before) => chips.map(({ errors }) => errors.wrong);
  const change = rateChange(wrong(after), wrong(before), experiment);
  const shown = changeOf(page, "ber.xpikeformer");
  expect(Number(await shown.getAttribute("data-value"))).toBe(change.value);
  expect(await shown.textContent()).toMatch(/^\+\d\.\d points \(−?\d\.\d to \d\.\d\)$/);
  expect(Number(await changeOf(page, ENERGY).getAttribute("data-value"))).toBe(after.energy / before.energy);
  expect(await changeOf(page, "cost.latency.alone").textContent()).toBe("no change");

  // Back by the knob itself: another experiment value, the same machine.
  await bitsOf(page).selectOption("5");
  await settled(page);
  expect(await page.locator("[data-change]").allTextContents()).toEqual(Array(4).fill("no change"));
  // Against the machine before, the way back is the way there.
  await page.getByLabel("Changes from").selectOption("previous");
  await page.locator("#paired[data-prompts='160']").waitFor();
  expect(Number(await shown.getAttribute("data-value"))).toBe(-change.value);
  expect(errors).toEqual([]);
});

test("machines tried are dots that lead back, and undo, redo, Back and Forward lead through machines and places", async () => {
  const { page, errors, snapshotOf } = await openStudio();
  await snapshotOf(1, 160);
  const dots = page.getByRole("listbox", { name: "Machines tried" }).locator(".dot");
  expect(await dots.count()).toBe(1);
  const mark = (name: string) => page.locator(`[data-mark="${name}"]`);
  for (const engine of ["annTrees", "annDigital"]) await mark(`cost.${engine}.symbol`).waitFor();
  expect(await mark("guessing").getAttribute("data-value")).toBe("0.5");
  for (const [name, id] of [
    ["cost.annTrees.symbol", "ber.ann"],
    ["cost.annDigital.symbol", "ber.ann"],
    ["ber.ml.pilots", "ber.ml.pilots"],
    ["ber.mmse.pilots", "ber.mmse.pilots"],
  ]) {
    const beside = page.locator(`[data-compared="${id}"]`);
    expect(await mark(name).getAttribute("data-value")).toBe(await beside.getAttribute("data-value"));
  }

  // Who wins, and by how much, is what the bars say.
  const compared = async (id: string) =>
    Number(await page.locator(`.bar-row [data-compared="${id}"]`).getAttribute("data-value"));
  const times = async (more: string, less: string) => ((await compared(more)) / (await compared(less))).toPrecision(2);
  const latencies = await times("cost.latency.alone", "cost.latency.annDigital");
  const rates = await times("cost.annDigital.inFlight", "cost.xpikeformer.inFlight");
  expect(await page.locator("[data-wins]").textContent()).toBe(
    ` Better are the ANN by latency (${latencies} times), throughput (${rates} times), on the systolic array.`,
  );

  await bitsOf(page).selectOption("4");
  await settled(page);
  expect(await dots.count()).toBe(2);
  const bits = () => bitsOf(page).inputValue();
  await page.keyboard.press("Control+z");
  expect(await bits()).toBe("5");
  await page.keyboard.press("Control+Shift+z");
  expect(await bits()).toBe("4");
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await settled(page);
  await dots.last().click();
  expect(await bits()).toBe("4");
  await page.getByRole("button", { name: "Reset" }).click();
  expect(await bits()).toBe("5");
  expect(await page.getByRole("button", { name: "Reset" }).isDisabled()).toBe(true);
  await settled(page);
  const list = page.getByRole("listbox", { name: "Machines tried" });
  await list.focus();
  await list.press("End");
  await list.press("Enter");
  expect(await bits()).toBe("4");
  await settled(page);

  await page.getByRole("button", { name: /block 2, projection: 1 crossbar/ }).click();
  const path = page.locator(".path");
  await path.getByText("block 2, projection").waitFor();
  await page.goBack();
  await expect.poll(() => path.textContent()).toBe("The network");
  expect(await bits()).toBe("4");
  await page.goBack();
  await expect.poll(bits).toBe("5");
  await page.goForward();
  await expect.poll(bits).toBe("4");
  await page.goForward();
  await path.getByText("block 2, projection").waitFor();
  expect(errors).toEqual([]);
});

test("all values of a knob give a curve, which can be stopped, and the machine shown goes on", async () => {
  const { page, errors, snapshotOf } = await openStudio();
  await snapshotOf(1, 160);
  await settled(page);
  await page.getByRole("button", { name: "Try all values of Conversions per pair" }).click();
  await page.getByText("Conversions per pair: 2 of 2 values", { exact: true }).waitFor();
  expect(await page.locator(".plane .curve").getAttribute("d")).toMatch(/^M[\d. ]+L[\d. ]+$/);
  expect(await page.getByRole("option", { name: /^Conversions per pair: two/ }).count()).toBe(1);
  expect(await page.getByLabel("Conversions per pair", { exact: true }).inputValue()).toBe("differential");
  await page.getByRole("button", { name: "Try all values of Rows per input" }).click();
  await page.getByRole("button", { name: "Stop trying Rows per input" }).click();
  await page.getByText(/^Rows per input: \d of 7 values$/).waitFor();
  await page.getByRole("button", { name: "Try all values of Rows per input" }).waitFor();
  await bitsOf(page).selectOption("6");
  await page.locator("#paired[data-prompts='160']").waitFor();
  expect(errors).toEqual([]);
});

interface Watched {
  /** What the panel said, by the age that was on view, whenever nothing was busy. */
  readonly said: Record<string, string[]>;
  /** Calls to workers, in their order. */
  readonly calls: string[];
}

test("nothing on view belongs to another machine unless it is busy, and the view is computed before the threads evaluate", async () => {
  const { page, errors, snapshotOf } = await openStudio((page) =>
    page.addInitScript(() => {
      const watched: Watched = { said: {}, calls: [] };
      Object.assign(window, { watched });
      window.Worker = class extends Worker {
        constructor(...given: ConstructorParameters<typeof Worker>) {
          super(...given);
          const names = new Map<number, string>();
          this.addEventListener(
            "message",
            ({ data }) => "result" in data && watched.calls.push(`${names.get(data.id)} done`),
          );
          const post = this.postMessage.bind(this) as (message: unknown, given?: unknown) => void;
          this.postMessage = (message: { id: number; name: string }, given = {}) => {
            names.set(message.id, message.name);
            watched.calls.push(message.name);
            post(message, given);
          };
        }
      };
      new MutationObserver(() => {
        const panel = document.querySelector(".panel-grid .drift");
        const isCalm = document.querySelector('section[aria-busy="false"] > #machine');
        const age = document.querySelector(".controls .scrubber:last-child output")?.textContent;
        if (!panel || !isCalm || !age) return;
        const text = panel.closest(".panel-grid")!.textContent!;
        watched.said[age] ??= [];
        if (!watched.said[age].includes(text)) watched.said[age].push(text);
      }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    }),
  );
  await snapshotOf(1, 32);
  await page.getByRole("button", { name: /block 2, projection: 1 crossbar/ }).click();
  await page.getByRole("button", { name: /crossbar \d+$/ }).click();
  await page.locator(".crossbar-drawing .heat canvas").click({ position: { x: 1, y: 1 } });
  await page.locator(".panel-grid .drift").waitFor();
  const watched = () => page.evaluate(() => (window as unknown as { watched: Watched }).watched);
  const calm = page.locator('section[aria-busy="false"] > #machine');
  for (const position of ["30", "12", "20"]) {
    await page.evaluate(() => (window as unknown as { watched: Watched }).watched.calls.splice(0));
    await page.getByLabel("Age").fill(position);
    await calm.waitFor();
    await page.locator(".number:not(.stale)").first().waitFor();
    const { calls } = await watched();
    const at = (name: string) => calls.indexOf(name);
    expect([at("age done"), at("prompt done"), at("cell done"), at("evaluate")].every((place) => place >= 0)).toBe(
      true,
    );
    expect(at("evaluate")).toBeGreaterThan(Math.max(at("prompt done"), at("cell done")));
  }
  const { said } = await watched();
  expect(Object.keys(said).length).toBe(4);
  for (const [age, texts] of Object.entries(said)) expect([age, texts.length]).toEqual([age, 1]);
  expect(errors).toEqual([]);
});

test("knobs offer what can be built, and say beside them why something cannot", async () => {
  const { page, errors, snapshotOf } = await openStudio();
  await snapshotOf(1, 160);
  const knob = page.locator(".knob-grid > div", { has: bitsOf(page) });
  // At once, before the page knows what the new machine can take.
  await page.evaluate(() => {
    const choose = (label: string, value: string) => {
      const of = [...document.querySelectorAll("label")].find(({ textContent }) => textContent === label)!;
      const select = document.getElementById(of.htmlFor) as HTMLSelectElement;
      select.value = value;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    };
    choose("Machine", "charge");
    choose("ADC bits", "none");
  });
  await knob.getByRole("alert").getByText("whose charges are whole numbers").waitFor();
  await knob.getByRole("button", { name: "Undo the change" }).click();
  await page.getByRole("alert").waitFor({ state: "detached" });
  await page.getByLabel("Machine", { exact: true }).selectOption("charge");
  await knob.getByText("not with this machine: exact currents").waitFor();
  expect(await bitsOf(page).locator("option").allTextContents()).not.toContain("exact currents");
  expect(errors).toEqual([]);
});

test("every value that a knob offers gives a chip", NIGHTLY, async () => {
  const bytes = checkpoint.buffer.slice(checkpoint.byteOffset, checkpoint.byteOffset + checkpoint.length);
  const offers = (await offersOn(experiment, experiment, { checkpoint: bytes as ArrayBuffer, data: null }))!;
  let built = 0;
  for (const { label, choices, write, read } of knobsOf(experiment)) {
    for (const [value] of choices) {
      if (value === read(experiment) || value in offers[label]) continue;
      const machine = parseExperiment(JSON.stringify(write(experiment, value, experiment)), `${label} ${value}`);
      const described = asDescribed(machine, network, []);
      const mapping = mapNetwork(foldNetwork(described), machine.hardware, machine.task.coding);
      expect(
        firstChip({ experiment: machine, data: null }, described, mapping).chip.crossbars.length,
        label,
      ).toBeGreaterThan(0);
      built++;
    }
  }
  expect(built).toBeGreaterThan(40);
});

test("on a phone, the figures stay in view while knobs change", async () => {
  const { page, errors, snapshotOf } = await openStudio((page) => page.setViewportSize({ width: 390, height: 844 }));
  await snapshotOf(1, 160);
  const last = page.getByLabel("Drift compensation", { exact: true });
  await last.scrollIntoViewIfNeeded();
  const strip = page.locator(".figure-strip");
  const [box, own] = [(await strip.boundingBox())!, (await last.boundingBox())!];
  expect(box.y).toBeGreaterThanOrEqual(0);
  expect(own.y).toBeGreaterThan(box.y + box.height);
  expect(own.y + own.height).toBeLessThan(844);
  const before = await strip.textContent();
  await page.getByLabel("Bits per device", { exact: true }).selectOption("2");
  await page.locator("#paired[data-prompts='160']").waitFor({ state: "attached" });
  expect(await strip.textContent()).not.toBe(before);
  expect(errors).toEqual([]);
});

test("the front of the search is marked as it was recorded, says what differs, and a mark runs its machine to the record", async () => {
  // Through a variable, because programs of experiments/ have no types.
  const program = join(root, "experiments/front/tables.mjs");
  const { frontRecord } = (await import(program)) as { frontRecord: (name: string) => FrontRecord };
  const { machines, tried } = frontRecord("wireless-2x2");
  const { page, errors, snapshotOf } = await openStudio();
  await snapshotOf(1, 160);
  const marks = page.locator("[data-mark=front]");
  await page.locator(".plane").scrollIntoViewIfNeeded();
  await expect.poll(() => marks.count()).toBe(machines.length);
  const caption = page.locator(".plane figcaption");
  expect(await caption.textContent()).toContain(
    `Plus: the best ${machines.length} of ${tried} machines of a search, 1 day old, on 4 chips and 384 prompts of seed 16, not 1`,
  );
  await page.getByLabel("Error against", { exact: true }).selectOption("latency");
  expect(await marks.count()).toBe(0);
  expect(await caption.textContent()).toContain("Machines of the search have no recorded latency.");
  await page.getByLabel("Error against", { exact: true }).selectOption("energy");

  const index = machines.findIndex(({ values }) => values["model.steps"] === 2);
  const recorded = machines[index];
  const list = page.getByRole("listbox", { name: "Machines tried" });
  await list.focus();
  await list.press("Home");
  for (let press = 0; press < index; press++) await list.press("ArrowRight");
  expect(await list.getAttribute("aria-activedescendant")).toBe(`front-${index}`);
  await list.press("Enter");
  const figures = (await snapshotOf(4, 384)).figures;
  // The record has five digits. Its energies, per prompt of two symbols, are older than some prices.
  expect(figures["ber.xpikeformer"] / recorded.errorRate.value).toBeCloseTo(1, 4);
  expect(Math.abs((2 * figures[ENERGY]) / recorded.energy - 1)).toBeLessThan(0.005);
  expect(await list.locator(".dot.now").getAttribute("aria-label")).toContain(
    "1 day old, on the prompts and chips of seed 16; error",
  );
  // Nothing can be paired on other prompts.
  expect(await page.locator("[data-change][data-value]").count()).toBe(0);
  await page.getByRole("button", { name: "Clothes" }).click();
  await expect.poll(() => marks.count()).toBe(0);
  expect(errors).toEqual([]);
});

interface FrontRecord {
  readonly tried: number;
  readonly machines: readonly {
    readonly values: Readonly<Record<string, unknown>>;
    readonly errorRate: { readonly value: number };
    readonly energy: number;
  }[];
}
