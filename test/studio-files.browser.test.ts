/**
 * Runs the studio on plain file servers, from the folder that the site has (`scripts/studio-folder.mjs`). Every tab and every gallery link
 * shows a working chip, as on the studio's own server. The page names a file that the server lacks, with the way out. `npm run build`
 * first, as `npm test` does.
 */
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveStudio } from "../dist/node.js";
import { launchChromium } from "./support/chromium.ts";
import { type Habits, serveFiles } from "./support/file-server.ts";
import { NIGHTLY } from "./support/nightly.ts";
import { openStudioPage } from "./support/studio-page.ts";
import { expectFigures, expectTabs, galleryFragments, TABS } from "./support/studio-views.ts";

// Through a variable, because the programs of scripts/ have no types.
const program = join(import.meta.dirname, "../scripts/studio-folder.mjs");
const { copyStudio } = (await import(program)) as { copyStudio: (folder: string) => Promise<void> };

let folder: string;
let browser: Browser;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-studio-"));
  await copyStudio(join(folder, "studio"));
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** Opens the studio on a server with these habits. */
async function onServer(habits: Habits, look: (page: Page, address: string) => Promise<void>): Promise<string[]> {
  const server = await serveFiles(folder, "/some/folder/", habits);
  try {
    const address = `${server.address}studio/index.html`;
    const { page, errors } = await openStudioPage(browser, address);
    await look(page, address);
    return errors;
  } finally {
    await server.close();
  }
}

test.each([
  ["a plain file server", {}],
  ["a server that sends .gz files as encoded content", { encodes: true }],
])("every tab shows a chip and its figures on %s", async (_, habits) => {
  expect(await onServer(habits, expectTabs)).toEqual([]);
});

test("every tab shows the same on the studio's own server", async () => {
  const server = await serveStudio();
  try {
    const { page, errors } = await openStudioPage(browser, server.address);
    await expectTabs(page);
    expect(errors).toEqual([]);
  } finally {
    await server.close();
  }
});

test("every link of the gallery opens its experiment", NIGHTLY, async () => {
  const fragments = galleryFragments();
  expect(fragments.length).toBeGreaterThan(5);
  const errors = await onServer({}, async (page, address) => {
    for (const fragment of fragments) {
      await page.goto("about:blank");
      await page.goto(`${address}#${fragment}`);
      await page.locator(".tabs [aria-current=page]").waitFor();
      const label = await page.locator(".tabs [aria-current=page]").textContent();
      await expectFigures(page, TABS.find((tab) => tab.label === label)!);
    }
  });
  expect(errors).toEqual([]);
});

test.each([
  [404, "Digits", "data/mnist-slice/t10k-images-idx3-ubyte.gz"],
  [200, "Clothes", "data/fashion-mnist-slice/train-labels-idx1-ubyte.gz"],
  [200, "Clothes", "networks/fashion-tiny-xpikeformer.safetensors"],
  [404, "Digits", "examples/mnist.json"],
])(
  "a page with status %i instead of a file is not shown: %s says that %s was not found",
  async (missing, label, name) => {
    const file = join(folder, "studio", name);
    renameSync(file, `${file}.away`);
    try {
      const errors = await onServer({ missing }, async (page) => {
        await page.locator("#decided").waitFor();
        await page.getByRole("button", { name: label }).click();
        const alert = page.getByRole("alert");
        await alert.waitFor();
        expect(await alert.textContent()).toContain(`${name} was not found on this server. `);
        expect(await alert.textContent()).toContain("`npm run studio`");
        expect(await page.locator("body").textContent()).not.toMatch(/<!doctype|<html|There is nothing here/i);
      });
      // Browsers themselves report the status.
      expect(errors.filter((error) => !error.includes("status of 404"))).toEqual([]);
    } finally {
      renameSync(`${file}.away`, file);
    }
  },
);
