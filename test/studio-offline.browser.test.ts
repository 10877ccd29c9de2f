/** The studio's folder on a plain file server, which sends no headers: its service worker isolates the page, and keeps it for later. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "./support/chromium.ts";
import { serveFiles } from "./support/file-server.ts";
import { seconds } from "./support/speed.ts";
import { expectFigures, TABS } from "./support/studio-views.ts";

const root = join(import.meta.dirname, "..");
// Through a variable, because scripts have no types.
const program = join(root, "scripts/studio-folder.mjs");
const { copyStudio } = (await import(program)) as { copyStudio: (folder: string) => Promise<void> };

const holder = mkdtempSync(join(tmpdir(), "xpikeformer-studio-"));
const folder = join(holder, "studio");
const BASE = "/some/folder/";
let browser: Browser;
let server: Awaited<ReturnType<typeof serveFiles>>;
beforeAll(async () => {
  await copyStudio(folder);
  [server, browser] = await Promise.all([serveFiles(folder, BASE), launchChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(holder, { recursive: true, force: true });
});

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

test("the page computes on several threads, is as new as its host, and works when the host is gone", async () => {
  const page = await browser.newPage();
  page.setDefaultTimeout(seconds(120));
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  await page.goto(server.address);
  await expectChip(page);

  const html = join(folder, "index.html");
  writeFileSync(html, readFileSync(html, "utf8").replace(/<title>.*<\/title>/, "<title>A newer studio</title>"));
  await page.reload();
  expect(await page.title()).toBe("A newer studio");

  // The last of the files that it keeps.
  await page.waitForFunction(() => caches.match(new URL("opened", location.href)));
  await server.close();
  await page.reload();
  await expectChip(page);
  // A panel that was never opened while the host was there.
  await page.getByRole("button", { name: "Head 1 of block 1" }).click();
  await page.locator(".tile-maps canvas").first().waitFor();
  expect(errors).toEqual([]);
  await page.close();
});
