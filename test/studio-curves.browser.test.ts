/**
 * Measured curves of a device in the studio: from a CSV file to accuracy, energy and a year of drift, as the command has them, and nothing
 * leaves the page. Run `npm run build` first, as `npm test` does.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import {
  decodeCheckpoint,
  evaluateChips,
  type Network,
  openExperiment,
  parseExperiment,
  type SpikingSpec,
} from "../dist/index.js";
import { chipFigures, readMeasuredCurves } from "../dist/internal.js";
import { nodeExecutor } from "../dist/node.js";
import { hostStudio, openStudioPage } from "./support/studio-page.ts";

const root = join(import.meta.dirname, "..");
const text = readFileSync(join(root, "examples/pcm-curves.csv"), "utf8");

const studio = hostStudio();

const openStudio = studio.open;

const csv = (content: string, name = "curves.csv") => ({ name, mimeType: "text/csv", buffer: Buffer.from(content) });

/** The figures of the command for the example's machine with this device. */
async function asTheCommandHasThem(content: string): Promise<Record<string, number>> {
  const given = JSON.parse(readFileSync(join(root, "examples/wireless-2x2.json"), "utf8"));
  const { device } = readMeasuredCurves([{ name: "curves.csv", text: content }]);
  const crossbar = { ...given.hardware.crossbar, device };
  const experiment = parseExperiment({ ...given, hardware: { ...given.hardware, crossbar } });
  const network = decodeCheckpoint(readFileSync(join(root, "networks/wireless-2x2-xpikeformer.safetensors"))).network;
  const executor = nodeExecutor(2);
  try {
    const chips = await evaluateChips(executor, openExperiment(experiment), network as Network<SpikingSpec>, {
      ...{ chips: 1, prompts: 160 },
    });
    return Object.fromEntries(chipFigures(experiment, chips).map(({ id, value }) => [id, value]));
  } finally {
    await executor.close();
  }
}

test("a file of curves gives the command's figures and a year of drift, and nothing leaves the page", async () => {
  const sent: string[] = [];
  const { page, errors, snapshotOf } = await openStudio();
  await snapshotOf(1, 160);
  page.on("request", (request) => {
    if (request.method() !== "GET" || request.postData() !== null || !request.url().startsWith(studio.server.address))
      sent.push(`${request.method()} ${request.url()}`);
  });
  await page.getByLabel("Measured curves to open").setInputFiles(csv(text));
  await page.locator("#curves").getByText("curves.csv: programming at 21 targets up to 25 µS, drift at 32").waitFor();
  await page.locator("#paired[data-prompts='160'][data-chips='1']").waitFor();
  const expected = await asTheCommandHasThem(text);
  for (const figure of await page.locator("[data-figure]").all()) {
    const id = (await figure.getAttribute("data-figure"))!;
    expect(Number(await figure.getAttribute("data-value")), id).toBe(expected[id]);
  }
  await page.locator(".year").getByRole("button", { name: "Measure" }).click();
  await page.locator(".year [data-age='1y']").nth(1).waitFor({ state: "attached" });
  expect(await page.locator(".year [role=alert]").count()).toBe(0);
  expect(sent).toEqual([]);
  expect(errors).toEqual([]);
});

test("a damaged table is refused beside the knob, with its line, and the machine stays", async () => {
  const { page, errors, snapshotOf } = await openStudio();
  await snapshotOf(1, 160);
  await page.getByLabel("Measured curves to open").setInputFiles(csv("g_uS,sigma_uS\n0,0.1\n10,-1\n"));
  const said = page.locator(".knob-grid [role=alert]");
  await said.waitFor();
  expect(await said.textContent()).toBe(
    "curves.csv:3: sigma_uS is -1; allowed: 0 to 1000 uS. A standard deviation is not negative.",
  );
  expect(await page.getByLabel("Device", { exact: true }).inputValue()).toBe("pcm");
  // Dropped on the page, and in two files.
  const [programming, drift] = ["g_uS,sigma_uS\n0,0.3\n20,1\n", "g_uS,nu_mean,nu_sigma\n0,0.1,0.04\n20,0.05,0.01\n"];
  await page.evaluate(
    (contents) => {
      const dataTransfer = new DataTransfer();
      for (const [i, content] of contents.entries())
        dataTransfer.items.add(new File([content], `${i}.csv`, { type: "text/csv" }));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    },
    [programming, drift],
  );
  await page.locator("#curves").getByText("0.csv, 1.csv: programming at 2 targets up to 20 µS").waitFor();
  expect(await page.locator("#curves").textContent()).toContain("No t0_s: drift begins 20 s after programming.");
  await expect.poll(() => said.count()).toBe(0);
  expect(errors).toEqual([]);
});

test("a link holds the largest table", async () => {
  const rows = Array.from({ length: 256 }, (_, i) => {
    const g = ((25 * i) / 255).toFixed(5);
    return [
      g,
      g,
      0.2 + Math.sin(i) / 10,
      0.05 + Math.cos(i) / 100,
      0.01 + Math.sin(2 * i) / 200,
      0.1 + Math.cos(3 * i) / 20,
    ];
  });
  const table = ["g_uS,mean_uS,sigma_uS,nu_mean,nu_sigma,read_noise", ...rows.map((row) => row.join(","))].join("\n");
  const { page, errors, snapshotOf } = await openStudio();
  await snapshotOf(1, 160);
  await page.getByLabel("Measured curves to open").setInputFiles(csv(table));
  await page.locator("#paired[data-prompts='160']").waitFor();
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByText(/^The link is .*It has \d+ characters, which some programs cut\./).waitFor();
  const ber = (of: Page) => of.locator("[data-figure='ber.xpikeformer']").getAttribute("data-value");
  const second = await openStudioPage(studio.browser, page.url());
  await second.page.locator("#curves").getByText("Measured: programming at 256 targets up to 25 µS").waitFor();
  await second.snapshotOf(1, 160);
  expect(await ber(second.page)).toBe(await ber(page));
  expect([...errors, ...second.errors]).toEqual([]);
});
