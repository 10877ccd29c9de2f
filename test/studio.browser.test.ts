/**
 * The studio in a real browser, as its server delivers it: what it shows about a chip is what `xpike run` reports, to the last
 * digit. Run `npm run build` first, as `npm test` does.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { encode } from "fast-png";
import type { Page } from "playwright-core";
import { extract } from "tar-fs";
import ts from "typescript";
import { expect, test } from "vitest";
import {
  bitErrors,
  chipAt,
  decodeCheckpoint,
  type Experiment,
  foldNetwork,
  type ImageClassificationSpec,
  inspectCrossbar,
  inspectPrompt,
  inspectTile,
  jobOf,
  machineByName,
  machineNetwork,
  machineOf,
  mapNetwork,
  type Network,
  noiseSources,
  openExperiment,
  parseExperiment,
  runExperiment,
  type SpikingSpec,
  scheduleOf,
  simulate,
  simulateFast,
  stream,
  type TransformerSpec,
  withNoiseAlone,
  withoutNoise,
} from "../dist/index.js";
import { firstChip } from "../dist/internal.js";
import { FASHION_SLICE, loadImageData, nodeExecutor, reportHtml, serveStudio } from "../dist/node.js";
import { formatQuantity, parseReport, reportJson } from "../dist/report.js";
import { checkpoint, experiment, mapping, network } from "./support/bundled-link.ts";
import { hostStudio, openStudioPage, withoutIsolation } from "./support/studio-page.ts";

const root = join(import.meta.dirname, "..");
const annFile = readFileSync(join(root, "networks/wireless-2x2-ann-long.safetensors"));
const ann = decodeCheckpoint(annFile).network;

const studio = hostStudio();

const openStudio = (prepare?: (page: Page) => Promise<unknown>, address = studio.server.address) =>
  openStudioPage(studio.browser, address, prepare);

/** The command's report with this many chips and prompts. */
async function reportOf(chips: number, prompts: number, hardware = experiment.hardware) {
  const executor = nodeExecutor(2);
  const report = await runExperiment(
    {
      ...experiment,
      hardware: { ...hardware, chips },
      evaluation: { ...experiment.evaluation, prompts, curvePrompts: 1, snrDecibels: [10], steps: [8] },
    },
    { network, ann },
    { executor, command: "xpike run", versions: {} },
  );
  await executor.close();
  return report;
}

/** The values of its figures, by their ids. */
async function reported(...asked: Parameters<typeof reportOf>): Promise<Map<string, number>> {
  return new Map((await reportOf(...asked)).figures.map(({ id, value }) => [id, value]));
}

test("it shows the reference simulator's results for a prompt, and the figures of `xpike run`", async () => {
  const { page, errors, snapshotOf } = await openStudio();
  // The keyboard reaches the machine at once; the address stays that of the view.
  await page.locator("#decided").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("machine");
  expect(await page.getByRole("alert").count()).toBe(0);
  const { chip, task, random } = firstChip({ experiment, data: null }, network, mapping);
  const { classes, queries } = network.geometry;
  for (const index of [0, 1, 2]) {
    const batch = task.draw(1, stream(experiment.seed).fork("evaluation"), { firstPrompt: index });
    const { logits } = simulate(chip, batch.spikes!, random.fork("run"), { firstPrompt: index });
    const last = logits.subarray((queries.length - 1) * classes);
    const decision = last.indexOf(Math.max(...last));
    const sent = batch.labels[queries.length - 1];
    const decided = page.locator(`#decided[data-prompt="${index}"]`);
    expect(await decided.textContent()).toBe(decision.toString(2).padStart(4, "0"));
    const wrong = bitErrors([sent], [decision], experiment.task)[0];
    expect(await decided.getAttribute("data-wrong")).toBe(String(wrong));
    await page.getByRole("button", { name: "Next prompt" }).click();
  }
  for (const prompts of [32, 160]) {
    const { figures } = await snapshotOf(1, prompts);
    const report = await reported(1, prompts);
    const ids = ["ber.xpikeformer", "cost.xpikeformer.symbol", "cost.latency.alone", "cost.xpikeformer.inFlight"];
    expect(Object.keys(figures)).toEqual(ids);
    for (const id of ids) expect([id, figures[id]]).toEqual([id, report.get(id)]);
  }
  // The chip and the ANN of the experiment, quantity by quantity, on the same prompts.
  const whole = await reportOf(1, 160);
  const report = new Map(whole.figures.map(({ id, value }) => [id, value]));
  await page.locator("[data-compared='gap.ann']").waitFor();
  const pairs = ["symbol", "inFlight"].flatMap((id) => [`cost.xpikeformer.${id}`, `cost.annDigital.${id}`]);
  pairs.push("cost.annTrees.symbol");
  const compared = ["ber.xpikeformer", "ber.ann", "gap.ann", "cost.latency.alone", "cost.latency.annDigital", ...pairs];
  for (const id of compared) {
    const shown = page.locator(`[data-compared='${id}']`);
    expect([id, Number(await shown.getAttribute("data-value"))]).toEqual([id, report.get(id)]);
  }
  // The energy ratios are the rows that the command prints: each engine of the ANN, its range, and what is shown of its accuracy.
  const printed = whole.brief!.rows.flatMap(({ figure: id, label, accuracy }) => {
    if (!/^cost\.ratio\.ann/.test(id)) return [];
    const { value, interval } = formatQuantity(whole.figures.find((figure) => figure.id === id)!);
    const rival = label!.match(/^Energy: (.*) over Xpikeformer$/)![1];
    return [`${rival} ${value} times (${interval}), ${accuracy!.replace(/shown$/, "shown to be")} at equal accuracy`];
  });
  expect(printed).toHaveLength(2);
  expect(await page.locator("[data-ratios]").textContent()).toBe(
    ` Energy over that of the chips: ${printed.join("; ")}.`,
  );
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(errors).toEqual([]);
});

test("it drills down to a cell's devices and a tile's gates, with the package's values", async () => {
  const { page, errors } = await openStudio();
  const { chip, task, random } = firstChip({ experiment, data: null }, network, mapping);
  const batch = task.draw(1, stream(experiment.seed).fork("evaluation"));
  const tokens = network.geometry.tokens;
  const open = (name: string) => page.getByRole("button", { name, exact: true }).first().click();

  await page.getByRole("button", { name: /block 2, projection: 1 crossbar/ }).click();
  await page.getByRole("button", { name: /crossbar \d+$/ }).click();
  const { crossbar } = mapping.layers.find(({ name }) => name === "blocks.1.projection")!.blocks[0];
  const fresh = inspectPrompt(chip, batch.spikes!, random.fork("run"));
  const seen = inspectCrossbar(fresh, crossbar, 7, tokens - 1);
  const driven = seen.lines.reduce((sum, line) => sum + line, 0);
  await page.getByText(`drive ${driven} of 128 rows`).waitFor();
  await page.getByText(`range from ${Math.min(...seen.codes!)} to ${Math.max(...seen.codes!)}.`).waitFor();

  await page.locator(".crossbar-drawing .heat canvas").click({ position: { x: 1, y: 1 } });
  await page.getByText("row 1, column 1").waitFor();
  // A year later: the slider has four positions to a decade.
  await page.getByLabel("Age").fill("30");
  const age = Number((10 ** 7.5).toPrecision(3));
  const aged = inspectPrompt(chipAt(chip, age), batch.spikes!, random.fork("run"));
  const { plus, minus } = inspectCrossbar(aged, crossbar, 7, tokens - 1);
  const written = [plus[0], minus[0]].map((conductance) => {
    const { value, unit } = formatQuantity({ value: 1e-6 * conductance, unit: "S" });
    return `${value} ${unit}`;
  });
  expect([plus[0], minus[0]]).not.toEqual([seen.plus[0], seen.minus[0]]);
  await page.getByText(`plus ${written[0]}, minus ${written[1]}; the row is`).waitFor();

  await open("The network");
  await open("Head 3 of block 1");
  const { scores, mask } = inspectTile(aged, 0, 2, 7);
  const [fire, all] = [scores.fires, mask].map((bits) => bits.reduce((sum, bit) => sum + bit, 0));
  await page.getByText(`score bits: ${fire} of ${all} are 1`).waitFor();
  // One scale for all time steps, so that darkness can be compared.
  const counted = Array.from({ length: 8 }, (_, t) => Math.max(...inspectTile(aged, 0, 2, t).scores.counts));
  expect(new Set(counted).size).toBeGreaterThan(1);
  for (const t of [counted.indexOf(Math.min(...counted)), 7]) {
    await page.getByLabel("Time step", { exact: true }).fill(String(t));
    await page.getByText(`Head 3 of ${(network.model as TransformerSpec).heads}, step ${t + 1}.`).waitFor();
    expect(await page.locator(".tile-maps figcaption").first().textContent()).toBe(
      `coincidences of q and k, 0 to ${Math.max(...counted)}, the same in all steps`,
    );
  }
  await open("Open a cell of this token");
  const counts = scores.counts.subarray((tokens - 1) * tokens);
  const key = counts.indexOf(Math.max(...counts));
  const at = (tokens - 1) * tokens + key;
  await page.getByText(`query ${tokens}, key ${key + 1}`).waitFor();
  await page.getByText(`${scores.draws[at]} × 16 = ${16 * scores.draws[at]} is`).waitFor();
  await page.getByText(`the score is ${scores.fires[at]}`).waitFor();

  const before = await page.locator(".gantt .now").nth(1).getAttribute("x");
  await page.getByLabel("Time step", { exact: true }).fill("0");
  const after = await page.locator(".gantt .now").nth(1).getAttribute("x");
  const machine = machineOf(experiment.hardware, machineNetwork(network.model, network.geometry));
  const unit = scheduleOf(machine).alone.units[1];
  const clock = (step: number) => String(unit.start[jobOf(unit, machine, tokens - 1, step)!]);
  expect([before, after]).toEqual([clock(7), clock(0)]);
  expect(errors).toEqual([]);
});

test("its knobs give the figures of `xpike run` on that machine, and show which noise alone changes decisions", async () => {
  const { page, errors, snapshotOf } = await openStudio();
  await snapshotOf(1, 32);
  const settled = async (change: () => Promise<unknown>) => {
    // Figures are pale, or those of few prompts, for less time than the test takes to check.
    await page.evaluate(() => {
      const { snapshots } = window as unknown as { snapshots: unknown[] };
      const isPale = () => document.querySelector(".number.stale") !== null;
      Object.assign(window, {
        settled: new Promise<void>((resolve) => {
          let wasPale = false;
          const observer = new MutationObserver(() => {
            if (isPale()) {
              wasPale = true;
              snapshots.splice(0);
            } else if (wasPale) {
              observer.disconnect();
              resolve();
            }
          });
          observer.observe(document.body, { subtree: true, childList: true, attributes: true });
        }),
      });
    });
    await change();
    await page.evaluate(() => (window as unknown as { settled: Promise<void> }).settled);
  };
  const { readTime, chips } = experiment.hardware;
  const paper = { ...machineByName("paper"), readTime, chips };
  await settled(() => page.getByLabel("Machine", { exact: true }).selectOption("paper"));
  const { figures } = await snapshotOf(1, 32);
  const report = await reported(1, 32, paper);
  for (const [id, value] of Object.entries(figures)) expect([id, value]).toEqual([id, report.get(id)]);

  // Every knob changes what the page shows of the machine or its answers.
  const said = () => page.locator(".figures").textContent();
  for (const [label, value] of [
    ["ADC bits", "6"],
    ["Conversions per pair", "differential"],
    ["Columns per ADC", "2"],
    ["Rows per crossbar", "64"],
    ["Rows per input", "3"],
    ["Time steps", "4"],
    ["Copies of the query", "4"],
    ["Copies of the query", "1"],
    ["Devices per conductance", "2"],
    ["Bits per device", "3"],
    ["Device", "reram"],
  ]) {
    const before = await said();
    await settled(() => page.getByLabel(label, { exact: true }).selectOption(value));
    expect(await said(), label).not.toBe(before);
  }
  await settled(() => page.getByLabel("Machine", { exact: true }).selectOption("as opened"));
  await page.getByLabel("drift", { exact: true }).uncheck();
  await settled(() => page.getByLabel("rounding by converters and registers").uncheck());

  await page.getByRole("button", { name: "Ask" }).click();
  const hardware = withoutNoise(experiment.hardware, ["drift", "rounding"]);
  const rows = page.locator(".causes tbody tr");
  await page.getByRole("row", { name: "shared random bytes" }).waitFor();
  const expected = [null, ...noiseSources(hardware)].map((source) => {
    const machine = withNoiseAlone(hardware, source?.id ?? null);
    const placed = mapNetwork(foldNetwork(network), machine, experiment.task.coding);
    const described = { ...network, model: { ...network.model, steps: 4 } };
    const { chip, task, random } = firstChip(
      { experiment: { ...experiment, hardware: machine }, data: null },
      described,
      placed,
    );
    const { spikes } = task.draw(1, stream(experiment.seed).fork("evaluation"));
    const logits = simulateFast(chip, spikes!, random.fork("run")).logits.subarray(-16);
    const decision = logits.indexOf(Math.max(...logits));
    return [source?.label ?? "none: exact arithmetic", decision.toString(2).padStart(4, "0")];
  });
  const found = (await rows.allInnerTexts()).map((row) => row.split("\t").slice(0, 2));
  expect(found.slice(0, -1).sort()).toEqual(expected.sort());
  expect(found.length).toBe(6);

  expect(errors).toEqual([]);
});

test("a link opens the same view elsewhere, and a damaged link is reported", async () => {
  const { page, errors } = await openStudio();
  await page.locator("#decided").waitFor();
  await page.getByRole("button", { name: "Next prompt" }).click();
  await page.getByLabel("ADC bits", { exact: true }).selectOption("6");
  await page.locator('section[aria-busy="false"] > #machine').waitFor();
  await page.getByLabel("Time step", { exact: true }).fill("2");
  await page.getByLabel("Token", { exact: true }).fill("5");
  await page.getByRole("button", { name: "Head 3 of block 1" }).click();
  await page.locator(".tile-panel").waitFor();
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByText(/The link is/).waitFor();
  const said = async (of: Page) => [
    await of.locator('#decided[data-prompt="1"]').textContent(),
    await of.getByLabel("ADC bits", { exact: true }).inputValue(),
    await of.getByLabel("Time step", { exact: true }).inputValue(),
    await of.getByLabel("Token").inputValue(),
    await of.locator(".path").textContent(),
    await of.locator(".tile-maps").textContent(),
  ];
  const before = await said(page);
  expect(before.slice(1, 4)).toEqual(["6", "2", "5"]);
  const other = await studio.browser.newPage();
  await other.goto(page.url());
  expect(await said(other)).toEqual(before);

  // From elsewhere: an open page soon writes its view into its address.
  await other.goto("about:blank");
  await other.goto(page.url().slice(0, -40));
  await other.getByText("This link is damaged").waitFor();
  // Opening the replacement does not remove the message.
  await other.locator("#decided").waitFor();
  expect(await other.getByText("This link is damaged").isVisible()).toBe(true);
  await other.close();
  expect(errors).toEqual([]);
});

test("it opens what the commands wrote, keeps what they read, and shows hostile names as text", async () => {
  const { page, errors } = await openStudio();
  await page.locator("#decided").waitFor();
  const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
  const written = { ...experiment, name: hostile, checkpoints: { network: "runs/mine/network.safetensors" } };
  const file = (name: string, text: string | Buffer) => ({ name, mimeType: "", buffer: Buffer.from(text) });
  const picker = page.getByLabel("Files to open");
  await picker.setInputFiles([file("experiment.json", JSON.stringify(written))]);
  await page
    .getByRole("alert")
    .getByText("does not have the network network.safetensors. Open its checkpoint")
    .waitFor();
  await picker.setInputFiles([
    file("experiment.json", JSON.stringify(written)),
    file("network.safetensors", checkpoint),
  ]);
  await page.getByRole("heading", { name: hostile }).waitFor();
  await page.locator("#basis[data-chips='1']").waitFor();

  const save = async (button: string) => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: button }).click(),
    ]);
    return readFileSync(await download.path(), "utf8");
  };
  expect(parseExperiment(await save("Save experiment"))).toEqual(written);
  const figures = parseReport(await save("Save figures"));
  expect(figures.experiment).toEqual(written);
  const savedPage = await save("Save report page");
  const [, inside] = /<script type="application\/json" id="report">(.*)<\/script>/.exec(savedPage)!;
  expect(savedPage).toBe(reportHtml(parseReport(inside)));
  expect(savedPage).not.toContain("<script>document");

  const executor = nodeExecutor(2);
  const small = { ...experiment.evaluation, prompts: 40, curvePrompts: 1, snrDecibels: [10], steps: [8] };
  const opened = { ...experiment, hardware: { ...experiment.hardware, chips: 1 }, evaluation: small };
  const report = await runExperiment(opened, { network }, { executor, command: "xpike run x", versions: {} });
  await executor.close();
  await picker.setInputFiles([file("report.html", reportHtml(report))]);
  await page.getByRole("heading", { name: report.title }).waitFor();
  // One chip and 40 prompts are soon done, and then both columns agree.
  await page.locator("#basis[data-chips='1'][data-prompts='40']").waitFor();
  for (const id of ["Xpikeformer on hardware", "Energy per symbol: Xpikeformer"]) {
    const cells = await page.getByRole("row", { name: id }).first().locator("td").allTextContents();
    expect(cells[0]).toBe(cells[1]);
  }

  await picker.setInputFiles([file("other.json", '{ "model": { "width": 12 } }')]);
  await page.getByRole("alert").getByText("multiple of 8").waitFor();
  await picker.setInputFiles([file("page.html", "<p>nothing</p>")]);
  await page.getByRole("alert").getByText("page.html is a page, but not a report of xpike.").waitFor();
  expect(await page.title()).toBe("Xpikeformer studio");
  expect(errors).toEqual([]);
});

test("files that cannot be opened change nothing, so there is nothing to undo", async () => {
  const { page, errors, snapshotOf } = await openStudio();
  await snapshotOf(1, 160);
  await page.locator(".figures[aria-busy=false]").waitFor();
  const now = () => Promise.all([page.locator("h1, #decided, .figures").allTextContents(), page.url()]);
  const before = await now();
  const broken = new Map<string, string | Buffer>([
    ["experiment.json", '{ "name": "x"'],
    ["kind.json", '{ "name": "x", "task": { "kind": "nosuch" } }'],
    ["text.safetensors", "not a network"],
    ["half.safetensors", checkpoint.subarray(0, checkpoint.length / 2)],
    ["report.json", '{ "format": "xpikeformer-report" }'],
    ["curves.csv", "a,b"],
    ["page.html", "<p>nothing</p>"],
  ]);
  const said = new Set<string>();
  for (const [name, content] of broken) {
    const buffer = Buffer.from(content);
    await page.getByLabel("Files to open").setInputFiles([{ name, mimeType: "text/plain", buffer }]);
    await expect.poll(async () => said.has((await page.getByRole("alert").textContent())!)).toBe(false);
    said.add((await page.getByRole("alert").textContent())!);
    expect([name, await page.getByRole("button", { name: "Undo the change" }).count()]).toEqual([name, 0]);
    expect(await now()).toEqual(before);
  }
  expect(said.size).toBe(broken.size);
  expect(errors).toEqual([]);
});

test("on its other tab it classifies test images, drawings and pictures, with the figures of `xpike run`", async () => {
  const { page, errors, snapshotOf } = await openStudio();
  await page.locator("#decided").waitFor();
  await page.getByRole("button", { name: "Clothes" }).click();
  await page.locator(".board").waitFor();

  const fashion = parseExperiment(
    readFileSync(join(root, "examples/fashion-tiny.json"), "utf8"),
  ) as Experiment<ImageClassificationSpec>;
  const { data } = await loadImageData("fashion-mnist-slice", FASHION_SLICE);
  const bytes = readFileSync(join(root, "networks/fashion-tiny-xpikeformer.safetensors"));
  const trained = decodeCheckpoint(bytes).network as Network<SpikingSpec>;
  const placed = mapNetwork(foldNetwork(trained), fashion.hardware, fashion.task.coding);
  const { chip, task, random } = firstChip({ experiment: fashion, data }, trained, placed);
  const { spikes } = task.draw(1, stream(fashion.seed).fork("evaluation"));
  const { logits } = simulate(chip, spikes!, random.fork("run"));
  const decided = page.locator("#decided");
  expect(await decided.textContent()).toBe(data.test.classes[logits.indexOf(Math.max(...logits))]);

  const { figures } = await snapshotOf(1, 32);
  const executor = nodeExecutor(2);
  const small = { ...fashion.evaluation, prompts: 32, curvePrompts: 1, steps: [8] };
  const opened = openExperiment({ ...fashion, hardware: { ...fashion.hardware, chips: 1 }, evaluation: small }, data);
  const report = await runExperiment(opened, { network: trained }, { executor, command: "xpike run", versions: {} });
  await executor.close();
  const values = new Map(report.figures.map(({ id, value }) => [id, value]));
  expect(Object.keys(figures)[0]).toBe("accuracy.xpikeformer");
  for (const [id, value] of Object.entries(figures)) expect([id, value]).toEqual([id, values.get(id)]);

  // A drawing: a box, which belongs to no class.
  await page.getByRole("heading", { name: "A test image" }).waitFor();
  await page.locator(".board").scrollIntoViewIfNeeded();
  const board = (await page.locator(".board").boundingBox())!;
  const at = (x: number, y: number) => [board.x + x * board.width, board.y + y * board.height] as const;
  await page.mouse.move(...at(0.3, 0.3));
  await page.mouse.down();
  for (const [x, y] of [
    [0.7, 0.3],
    [0.7, 0.7],
    [0.3, 0.7],
    [0.3, 0.3],
  ])
    await page.mouse.move(...at(x, y), { steps: 4 });
  await page.mouse.up();
  await page.getByRole("heading", { name: "Your image" }).waitFor();
  expect(data.test.classes).toContain(await decided.textContent());
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByRole("heading", { name: "A test image" }).waitFor();

  // An image with a test image's pixels, touching all sides, equals that test image.
  const first = data.test.pixels.slice(0, 28 * 28);
  const png = Buffer.from(encode({ width: 28, height: 28, channels: 1, depth: 8, data: first }));
  const before = await decided.textContent();
  await page.getByLabel("Files to open").setInputFiles([{ name: "shoe.png", mimeType: "image/png", buffer: png }]);
  await page.getByRole("heading", { name: "Your image" }).waitFor();
  await expect.poll(() => decided.textContent()).toBe(before);
  expect(errors).toEqual([]);
});

test("for a run's folder it shows the learning curve, then the network on chips, then the report", async () => {
  const folder = mkdtempSync(join(tmpdir(), "xpikeformer-studio-"));
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
  const { network: _, ...others } = experiment.checkpoints;
  const learning = { ...experiment, name: "learning", checkpoints: others };
  write("experiment.json", JSON.stringify(learning));
  write("metrics.jsonl", '{"step":10,"loss":2.5}\n{"step":20,"loss":2.25}\n{"step":30,"lo');
  const following = await serveStudio({ folder });
  try {
    const { page, errors } = await openStudio(undefined, following.address);
    await page.getByText("Step 20: loss 2.250.").waitFor();
    write("metrics.jsonl", '{"step":10,"loss":2.5}\n{"step":20,"loss":2.25}\n{"step":30,"loss":2}\n');
    await page.getByText("Step 30: loss 2.000.").waitFor();
    write("network.safetensors", checkpoint);
    await page.locator("#basis[data-chips='1']").waitFor();
    await page.getByRole("heading", { name: "learning" }).waitFor();
    const executor = nodeExecutor(2);
    const small = { ...experiment.evaluation, prompts: 8, curvePrompts: 1, snrDecibels: [10], steps: [8] };
    const run = { ...learning, hardware: { ...experiment.hardware, chips: 1 }, evaluation: small };
    const report = await runExperiment(run, { network }, { executor, command: "xpike run x", versions: {} });
    await executor.close();
    write("report.json", reportJson(report));
    await page.getByRole("heading", { name: report.title }).waitFor();
    expect(errors).toEqual([]);
  } finally {
    await following.close();
    rmSync(folder, { recursive: true });
  }
});

test("the walk points at the live machine on every tab, stop by stop, and ends with machines to try", async () => {
  const { page, errors } = await openStudio();
  const walk = page.getByRole("complementary", { name: "A walk through the machine" });
  const start = () => page.getByRole("button", { name: "Take the walk: 8 stops" }).click();
  const age = page.getByLabel("Age");
  await start();
  const seen: string[] = [];
  const pointed = new Set<string>();
  for (;;) {
    const title = (await walk.getByRole("heading").textContent())!;
    await page.locator("[data-pointed]").waitFor();
    pointed.add((await page.locator("[data-pointed]").getAttribute("class"))!);
    seen.push(title);
    expect(await age.inputValue()).toBe(title === "A year later" ? "30" : "0");
    const sentences = (await walk.locator("p").textContent())!.match(/[.](\s|$)/g)!;
    expect([title, sentences.length]).toEqual([title, 2]);
    const next = walk.getByRole("button", { name: "Next", exact: true });
    if ((await next.count()) === 0) break;
    await next.click();
    await walk.getByText(`${seen.length + 1} of 8`).waitFor();
  }
  expect(seen).toEqual([
    ...["The task", "A spike", "A crossbar", "A code", "A year later", "A score", "The answer", "Other machines"],
  ]);
  expect(pointed.size).toBeGreaterThan(5);
  await walk.getByRole("button", { name: "Try converters of 4 bits" }).click();
  expect(await page.getByLabel("ADC bits", { exact: true }).inputValue()).toBe("4");
  await page.keyboard.press("Escape");
  await walk.waitFor({ state: "detached" });
  await page.locator("[data-pointed]").waitFor({ state: "detached" });

  // On a phone, on another tab: what it points at is above its text.
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole("button", { name: "Clothes" }).click();
  await page.locator(".board").waitFor();
  await start();
  await walk.getByText("cut into patches").waitFor();
  for (const stop of [2, 3]) {
    await walk.getByRole("button", { name: "Next", exact: true }).click();
    await walk.getByText(`${stop} of 8`).waitFor();
    await page.locator("[data-pointed]").waitFor();
    await expect
      .poll(async () => {
        const [text, subject] = [await walk.boundingBox(), await page.locator("[data-pointed]").boundingBox()];
        return subject!.y >= -1 && subject!.y < text!.y - 100;
      })
      .toBe(true);
  }
  await page.keyboard.press("Escape");
  await walk.waitFor({ state: "detached" });
  expect(errors).toEqual([]);
});

test("a page that is not isolated gives the same figures on one thread, and says why", async () => {
  const { page, errors, snapshotOf } = await openStudio(withoutIsolation);
  const { figures } = await snapshotOf(1, 32);
  const report = await reported(1, 32);
  for (const [id, value] of Object.entries(figures)) expect([id, value]).toEqual([id, report.get(id)]);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  await page.getByText("This page computes on one thread").waitFor();
  expect(errors).toEqual([]);
});

test("the RTL of the view is that of `xpike rtl`, in an archive that other programs read", async () => {
  const { page, errors } = await openStudio();
  await page.locator("#decided").waitFor();
  const save = async (button: string) => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: button }).click(),
    ]);
    return readFileSync(await download.path());
  };
  expect((await save("Save network")).equals(checkpoint)).toBe(true);
  await page.getByRole("button", { name: "Show", exact: true, disabled: false }).press("Enter");
  await page.getByRole("textbox", { name: "SystemVerilog of" }).waitFor();
  const shown = await page.getByLabel("File", { exact: true }).inputValue();
  const text = await page.getByRole("textbox", { name: "SystemVerilog of" }).inputValue();
  const archive = await save("Save RTL");
  const folder = mkdtempSync(join(tmpdir(), "xpikeformer-studio-rtl-"));
  try {
    await pipeline(Readable.from([archive]), extract(join(folder, "here")));
    const written = join(folder, "written");
    execFileSync(process.execPath, ["dist/cli/main.js", "rtl", "examples/wireless-2x2.json", "--out", written], {
      cwd: root,
    });
    const names = readdirSync(written);
    expect(names.length).toBeGreaterThan(10);
    expect(readdirSync(join(folder, "here")).sort()).toEqual(names.sort());
    for (const name of names) {
      expect(readFileSync(join(folder, "here", name), "utf8"), name).toBe(readFileSync(join(written, name), "utf8"));
    }
    expect(text).toBe(readFileSync(join(written, shown), "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(errors).toEqual([]);
});

test("it imports only the package and the page's drawing libraries", () => {
  const folder = join(root, "studio/src");
  const files = (readdirSync(folder, { recursive: true }) as string[]).filter((file) => /\.tsx?$/.test(file));
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(folder, file), "utf8"));
    for (const { fileName } of importedFiles) {
      if (/^(xpikeformer(\/(rtl|report|internal))?|preact|preact\/hooks|@preact\/signals)$/.test(fileName)) continue;
      // A record, written by studio/vite.config.ts.
      if (fileName === "virtual:front") continue;
      expect(relative(folder, join(folder, dirname(file), fileName)), `${file} imports ${fileName}`).toMatch(/^[^.]/);
      expect(fileName).toMatch(/^\./);
    }
  }
});

test("what the page loads until its first figures is at most 350 kB, compressed", async () => {
  const { page, errors, snapshotOf } = await openStudio();
  const loaded = new Set<string>();
  page.on("response", (response) => loaded.add(new URL(response.url()).pathname));
  await page.reload();
  await snapshotOf(1, 160);
  await page.locator("[data-compared='gap.ann'][data-value]").waitFor();
  const assets = [...loaded].filter((path) => /^\/assets\//.test(path)).map((path) => join(root, "dist/studio", path));
  expect(assets.length).toBeGreaterThan(8);
  const files = [join(root, "dist/studio/index.html"), ...assets];
  const sizes = files.map((file) => gzipSync(readFileSync(file)).length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(350e3);
  expect(errors).toEqual([]);
});

test("a link carries the bits that the user sends instead of the prompt's own", async () => {
  const { page, errors } = await openStudio();
  await page.locator("#decided").waitFor();
  const caption = page.locator(".prompt figcaption");
  const drawn = await caption.textContent();
  await page.getByRole("button", { name: "Bit 2 of antenna 1" }).press("Enter");
  await page.locator("button:enabled", { hasText: "as drawn" }).waitFor();
  await page.getByRole("button", { name: "Copy link" }).press("Enter");
  await page.getByText("The link is").waitFor();
  await expect.poll(() => caption.textContent()).not.toBe(drawn);
  const sent = await caption.textContent();
  const address = page.url();
  await page.goto("about:blank");
  await page.goto(address);
  await expect.poll(() => caption.textContent(), { timeout: 10_000 }).toBe(sent);
  expect(errors).toEqual([]);
});
