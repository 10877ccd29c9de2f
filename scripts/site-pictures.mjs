// Takes the pictures that pages of the site show until a figure is live: `CHROMIUM=/usr/bin/chromium node scripts/site-pictures.mjs`, after a change of what
// the studio draws.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import sharp from "sharp";
import { serveStudio } from "xpikeformer/node";

/** Stops of the studio's walk, by picture. */
const STOPS = {
  task: "the-task",
  spikes: "a-spike",
  crossbar: "a-code",
  score: "a-score",
  drift: "a-year-later",
};
/** Width of a page's text, pixels. */
const WIDTH = 688;
/** Milliseconds until all time steps have played. */
const PLAYED = 6000;
const COLOURS = 64;

const folder = join(import.meta.dirname, "../site/pictures");
mkdirSync(folder, { recursive: true });
const server = await serveStudio();
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, chromiumSandbox: false });
for (const [name, stop] of Object.entries(STOPS)) {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 500 } });
  await page.goto(`${server.address}#embed&stop=${stop}`);
  await page.locator(".embed[data-ready=true]").waitFor();
  await page.evaluate(() => {
    // The page says these. They stay in place, because they replace the words of the figure.
    for (const words of document.querySelectorAll(".embed > p")) words.style.display = "none";
  });
  await page.waitForTimeout(PLAYED);
  const png = await page.locator(".embed").screenshot();
  await sharp(png)
    .png({ palette: true, colours: COLOURS, effort: 10 })
    .toFile(join(folder, `${name}.png`));
  await page.close();
}
await browser.close();
await server.close();
