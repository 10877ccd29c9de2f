/**
 * The site, built for a folder of a plain file server, in a real browser: every link and anchor resolves, no page contacts another
 * host or violates its own policy, the search works, and so does the studio with each of its tabs and every gallery link. Skipped if
 * the site's own packages are not installed: `npm run site` installs them.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AXE, accessibilityOf } from "./support/accessibility.ts";
import { launchChromium } from "./support/chromium.ts";
import { serveFiles } from "./support/file-server.ts";
import { expectFigures, expectTabs, galleryFragments, TABS } from "./support/studio-views.ts";

const root = join(import.meta.dirname, "..");
const BASE = "/xpikeformer/";
const TIME = 600_000;

const isInstalled = existsSync(join(root, "site/node_modules/vitepress"));

describe("the site", () => {
  beforeEach(({ skip }) => skip(!isInstalled, "the packages of site/ are not installed: npm run site installs them"));

  let folder: string;
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serveFiles>>;
  let pages: string[];
  beforeAll(async () => {
    if (!isInstalled) return;
    folder = mkdtempSync(join(tmpdir(), "xpikeformer-site-"));
    execFileSync(process.execPath, [join(root, "scripts/site.mjs"), "--base", BASE, "--out", folder], {
      stdio: "pipe",
    });
    pages = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith(".html"));
    [server, browser] = await Promise.all([serveFiles(folder, BASE), launchChromium()]);
  }, TIME);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    if (isInstalled) rmSync(folder, { recursive: true, force: true });
  });

  /** Pages of the documentation itself. */
  const written = () => pages.filter((name) => !/^(api|source|studio)\/|^404|README\.html$/.test(name));

  async function openPage(options: { width: number; colorScheme?: "light" | "dark" }) {
    const page = await browser.newPage({
      viewport: { width: options.width, height: 900 },
      colorScheme: options.colorScheme ?? "light",
    });
    const problems: string[] = [];
    page.on("pageerror", ({ message }) => problems.push(`${page.url()}: ${message}`));
    page.on("console", (said) => said.type() === "error" && problems.push(`${page.url()}: ${said.text()}`));
    page.on("request", (request) => {
      const address = request.url();
      if (!address.startsWith(server.address) && !address.startsWith("data:") && !address.startsWith("blob:")) {
        problems.push(`${page.url()} asks for ${address}`);
      }
    });
    return { page, problems };
  }

  /** Until nothing loads any more, and the page's script is running. */
  async function visit(page: Page, name: string): Promise<void> {
    await page.goto(`${server.address}${name}`, { waitUntil: "networkidle" });
    await page.waitForFunction(() => "__vue_app__" in document.querySelector("#app")!);
  }

  test("every link and anchor of every page leads somewhere", () => {
    const texts = new Map(pages.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
    const anchors = new Map(
      Array.from(texts, ([name, text]) => [
        name,
        new Set(Array.from(text.matchAll(/ id="([^"]*)"/g), ([, id]) => id!)),
      ]),
    );
    const broken: string[] = [];
    let links = 0;
    for (const [name, text] of texts) {
      const at = new URL(name, `http://site${BASE}`);
      // A page's policy contains no address, and scripts and code contain none that are followed.
      for (const [, link] of text.matchAll(/<(?:a|img|link|use)\b[^>]*? (?:href|src)="([^"]*)"/g)) {
        const target = new URL(link!.replaceAll("&amp;", "&"), at);
        if (target.host !== "site") continue;
        links++;
        const path = decodeURI(target.pathname.slice(BASE.length)).replace(/(^|\/)$/, "$1index.html");
        const anchor = decodeURIComponent(target.hash.slice(1));
        if (!target.pathname.startsWith(BASE) || !existsSync(join(folder, path))) broken.push(`${name}: ${link}`);
        // The studio builds its view when opened.
        else if (anchor && path.endsWith(".html") && !path.startsWith("studio/") && !anchors.get(path)!.has(anchor)) {
          broken.push(`${name}: ${link} has no such anchor`);
        }
      }
    }
    expect(broken).toEqual([]);
    // Marks of numbers are comments, also in tables.
    expect(written().filter((name) => /&lt;!--n:[a-z]/.test(texts.get(name)!))).toEqual([]);
    expect(links).toBeGreaterThan(5000);
  });

  test(
    "no page asks another host, breaks its own policy, or is wider than a telephone",
    async () => {
      const { page, problems } = await openPage({ width: 390 });
      const api = pages.filter((name) => name.startsWith("api/"));
      const source = pages.find((name) => name.startsWith("source/src/"))!;
      for (const name of [...written(), source, ...api]) {
        await visit(page, name);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        if (width > 390) problems.push(`${name} is ${width} pixels wide`);
      }
      expect(problems).toEqual([]);
      expect(written().length).toBeGreaterThan(60);
      await page.close();
    },
    TIME,
  );

  test(
    "by keyboard one comes to the text, and the search finds drift",
    async () => {
      const { page, problems } = await openPage({ width: 1400 });
      await page.goto(`${server.address}docs/index.html`);
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to content");
      await page.keyboard.press("/");
      await page.locator("#localsearch-input").fill("drift");
      const found = page.locator("#localsearch-list a");
      await found.first().waitFor();
      const addresses = await found.evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href));
      expect(addresses.some((address) => address.includes("docs/evaluation.html"))).toBe(true);
      await page.keyboard.press("Enter");
      await page.waitForURL(/#/);
      expect(await page.locator("main").textContent()).toMatch(/drift/i);
      expect(problems).toEqual([]);
      await page.close();
    },
    TIME,
  );

  test(
    "the search finds a public name, and loads nothing before it is opened; pages, declarations and sources link to each other",
    async () => {
      const { page, problems } = await openPage({ width: 1400 });
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      await visit(page, "docs/library.html");
      expect(asked.filter((address) => /search/i.test(address))).toEqual([]);
      await page.locator("main").getByRole("link", { name: "evaluateChips", exact: true }).click();
      await page.waitForURL(/api\/evaluation\.html#evaluateChips$/);
      const sidebar = page.locator(".VPSidebar");
      expect(await sidebar.locator("h2").allTextContents()).toContain("xpikeformer/cost");
      expect(await sidebar.locator(".is-active").last().textContent()).toBe("Evaluation");
      await page.keyboard.press("/");
      await page.locator("#localsearch-input").fill("trainToFolder");
      const found = page.locator("#localsearch-list a");
      await found.first().waitFor();
      expect(asked.some((address) => address.includes("localSearchIndex"))).toBe(true);
      expect(await found.first().getAttribute("href")).toBe(
        `${BASE}api/node-training-into-a-folder.html#trainToFolder`,
      );
      await page.keyboard.press("Enter");
      await page.waitForURL(/#trainToFolder$/);
      await page.locator("#trainToFolder ~ .declaration a, h2#trainToFolder ~ p .place a").first().waitFor();
      await page
        .getByRole("link", { name: /^training\.ts, line \d+$/ })
        .first()
        .click();
      await page.waitForURL(/source\/src\/node\/training\.ts\.html#L\d+$/);
      expect(await page.locator(".line:target").textContent()).toMatch(/^export /);
      expect(problems).toEqual([]);
      await page.close();
    },
    TIME,
  );

  test(
    "the names of README files lead to their pages, and any other address to a page with a landmark and an icon",
    async () => {
      const { page, problems } = await openPage({ width: 1400 });
      const guessed = pages.filter((name) => name.endsWith("README.html"));
      expect(guessed).toEqual(expect.arrayContaining(["README.html", "docs/README.html", "experiments/README.html"]));
      for (const [name, target] of [
        ["README.html", "readme.html"],
        ["docs/README.html", "docs/index.html"],
      ] as const) {
        await page.goto(`${server.address}${name}`);
        await page.waitForURL(`${server.address}${target}`);
        await page.locator("main h1").first().waitFor();
      }
      expect(problems).toEqual([]);
      const missing: string[] = [];
      page.on("response", (response) => response.status() === 404 && missing.push(response.url()));
      await page.goto(`${server.address}docs/nothing.html`, { waitUntil: "networkidle" });
      expect(await page.getByRole("main").getByRole("heading", { level: 1 }).textContent()).toBe("No such page");
      await page.evaluate(AXE);
      expect((await accessibilityOf(page)).found).toEqual([]);
      expect(missing).toEqual([`${server.address}docs/nothing.html`]);
      // A browser decodes the icon that hosts' own pages ask for.
      const side = await page.evaluate(async (address) => {
        const image = new Image();
        image.src = address;
        await image.decode();
        return image.naturalWidth;
      }, `${server.address}favicon.ico`);
      expect(side).toBe(16);
      await page.close();
    },
    TIME,
  );

  test(
    "axe finds nothing on nine pages, wide and narrow, light and dark",
    async () => {
      const findings: string[] = [];
      for (const [width, colorScheme] of [
        [1400, "light"],
        [390, "dark"],
        [1400, "dark"],
        [390, "light"],
      ] as const) {
        const { page } = await openPage({ width, colorScheme });
        for (const name of [
          "index",
          "article",
          "docs/guide",
          "docs/model",
          "docs/gallery",
          "experiments/fronts/index",
          "api/index",
          "api/experiment",
          "api/training",
        ]) {
          await visit(page, `${name}.html`);
          await page.evaluate(AXE);
          const { found, passed } = await accessibilityOf(page);
          findings.push(...found.map((finding) => `${name}, ${width} pixels, ${colorScheme}: ${finding}`));
          expect(passed).toEqual(expect.arrayContaining(["color-contrast", "link-name"]));
        }
        await page.close();
      }
      expect(findings).toEqual([]);
    },
    TIME,
  );

  test(
    "the home page shows the picture and the install line, and leads to the studio, where every tab shows a chip",
    async () => {
      const { page, problems } = await openPage({ width: 1400 });
      page.setDefaultTimeout(TIME / 2);
      await visit(page, "");
      const home = page.locator("#VPContent");
      const picture = home.locator("img[src*='ber-snr']");
      expect(await picture.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(100);
      expect(await home.locator("pre").textContent()).toContain("npm ci && npm start");
      // The picture of a chip gives way to one at work, which the page's own headers let compute on several threads after a reload.
      const chip = page.frameLocator(".live iframe");
      await home.locator(".live").scrollIntoViewIfNeeded();
      await chip.locator(".crossbar-drawing canvas").first().waitFor();
      await home.locator(".live.shown").waitFor();
      for (const [name, address] of [
        ["the studio", "studio/index.html"],
        ["the README", "readme.html"],
      ] as const) {
        const link = home.getByRole("link", { name, exact: true });
        expect(await link.evaluate((element) => (element as HTMLAnchorElement).href)).toBe(server.address + address);
      }
      await home.getByRole("link", { name: "Open the studio" }).click();
      // The service worker has isolated the page, which then uses several threads.
      await page.waitForFunction(() => crossOriginIsolated);
      await expectTabs(page);
      expect(await page.locator("p.notice").allTextContents()).toEqual([]);
      const back = page.getByRole("link", { name: "Read about the idea in ten minutes" });
      expect(await back.evaluate((link) => (link as HTMLAnchorElement).href)).toBe(`${server.address}article.html`);
      expect(problems).toEqual([]);
      await page.close();
    },
    TIME,
  );

  test(
    "every link of the gallery opens its experiment in the studio",
    async () => {
      const { page, problems } = await openPage({ width: 1400 });
      page.setDefaultTimeout(TIME / 2);
      const count = galleryFragments().length;
      expect(count).toBeGreaterThan(5);
      const shown: string[] = [];
      for (let i = 0; i < count; i++) {
        await visit(page, "docs/gallery.html");
        await page.getByRole("link", { name: "Open in the studio" }).nth(i).click();
        await page.locator(".tabs [aria-current=page]").waitFor();
        const label = await page.locator(".tabs [aria-current=page]").textContent();
        await expectFigures(page, TABS.find((tab) => tab.label === label)!);
        shown.push(`${await page.locator("h1").textContent()}, T = ${await timeSteps(page)}`);
      }
      const wanted = galleryExperiments().map(({ name, model }) => `Xpikeformer studio · ${name}, T = ${model.steps}`);
      expect(shown).toEqual(wanted);
      expect(problems).toEqual([]);
      await page.close();
    },
    TIME,
  );
});

/** The experiments of the gallery, in order. */
const galleryExperiments = (): readonly { name: string; model: { steps: number } }[] =>
  Array.from(readFileSync(join(root, "docs/gallery.md"), "utf8").matchAll(/^```json\n([\s\S]*?)^```/gm), ([, text]) =>
    JSON.parse(text!),
  );

/** As displayed by the studio's knob. */
const timeSteps = (page: Page): Promise<string> => page.getByLabel("Time steps", { exact: true }).inputValue();
