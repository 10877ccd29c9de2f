/** The studio's folder on a plain file server, which sends no headers: its service worker isolates the page, and keeps it for later. */
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { launchChromium } from "./support/chromium.ts";
import { type Habits, serveFiles } from "./support/file-server.ts";
import { seconds } from "./support/speed.ts";
import { expectFigures, expectTabs, TABS } from "./support/studio-views.ts";

const root = join(import.meta.dirname, "..");
// Through a variable, because scripts have no types.
const program = join(root, "scripts/studio-folder.mjs");
const { copyStudio } = (await import(program)) as { copyStudio: (folder: string) => Promise<void> };

const BASE = "/some/folder/";
let browser: Browser;
let holder: string;
let folder: string;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  holder = mkdtempSync(join(tmpdir(), "xpikeformer-studio-"));
  folder = join(holder, "studio");
  await copyStudio(folder);
});
afterEach(() => rmSync(holder, { recursive: true, force: true }));

/** A page on a server of the folder, and its errors. */
async function openPage(habits: Habits = {}) {
  const server = await serveFiles(folder, BASE, habits);
  const page = await browser.newPage();
  page.setDefaultTimeout(seconds(120));
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  await page.goto(server.address);
  return { server, page, errors };
}

/** The files that the worker keeps at the request of the page; an empty path is the page itself. */
const kept = (): string[] =>
  JSON.parse(/^const FILES = (.*);$/m.exec(readFileSync(join(folder, "service-worker.js"), "utf8"))![1]);

/** Whether the worker has kept a file. */
const isKept = (page: Page, path: string): Promise<boolean> =>
  page.evaluate((path) => caches.match(new URL(path, location.href.split("#")[0])).then(Boolean), path);

/** Waits until the worker has the last of them. */
const whenKept = (page: Page) =>
  expect.poll(() => isKept(page, kept().at(-1)!), { timeout: seconds(120), interval: 200 }).toBe(true);

/** Waits for a chip and its figures, on several threads. */
async function expectChip(page: Page): Promise<void> {
  await page.waitForFunction(() => crossOriginIsolated);
  await expectFigures(page, TABS[0]);
  expect(await page.evaluate(() => [typeof SharedArrayBuffer, navigator.hardwareConcurrency > 1])).toEqual([
    "function",
    true,
  ]);
  // A page on one thread says so.
  expect(await page.locator("p.notice").allTextContents()).toEqual([]);
}

test("the page computes on several threads, is as new as its host, and works on every tab when the host is gone", async () => {
  const { server, page, errors } = await openPage();
  await expectChip(page);

  const html = join(folder, "index.html");
  writeFileSync(html, readFileSync(html, "utf8").replace(/<title>.*<\/title>/, "<title>A newer studio</title>"));
  await page.reload();
  expect(await page.title()).toBe("A newer studio");

  await whenKept(page);
  await server.close();
  await page.reload();
  await expectChip(page);
  // A panel that was never opened while the host was there.
  await page.getByRole("button", { name: "Head 1 of block 1" }).click();
  await page.locator(".tile-maps canvas").first().waitFor();
  await expectTabs(page);
  expect(errors).toEqual([]);
  await page.close();
});

test("what it keeps for work offline takes at most 10 MB", () => {
  const sizes = kept().map((path) => statSync(join(folder, path || "index.html")).size);
  expect(sizes.length).toBeGreaterThan(50);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(10e6);
});

test("a page that the host once sent in place of a script, with status 200, is not kept", async () => {
  const script = readdirSync(join(folder, "assets")).find((name) => /^HeadPanel-.*\.js$/.test(name))!;
  const asset = join(folder, "assets", script);
  renameSync(asset, join(holder, script));
  const { server, page } = await openPage({ missing: 200 });
  await expectChip(page);
  await whenKept(page);
  // Through the worker, as the page asks for it.
  const typeOf = () =>
    page.evaluate(async (name) => (await fetch(`assets/${name}`)).headers.get("Content-Type"), script);
  expect(await typeOf()).toMatch(/^text\/html/);
  expect(await isKept(page, `assets/${script}`)).toBe(false);

  renameSync(join(holder, script), asset);
  expect(await typeOf()).toBe("text/javascript");
  await page.getByRole("button", { name: "Head 1 of block 1" }).click();
  await page.locator(".tile-maps canvas").first().waitFor();
  await expect.poll(() => isKept(page, `assets/${script}`)).toBe(true);
  await page.close();
  await server.close();
});
