import fc from "fast-check";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { launchChromium } from "../../test/support/chromium.ts";
import { sampleDraft } from "../../test/support/sample-report.ts";
import { logarithmic } from "./draw/axis.ts";
import { drawChart } from "./draw/draw.ts";
import { reportHtml } from "./html.ts";
import { parseReport } from "./json.ts";
import { embedJson, escapeHtml } from "./markup.ts";
import { buildReport, type Chart, type ReportDraft } from "./report.ts";

const HOSTILE = `</script><!--<img src=x onerror=alert(1)>"'&\u0007\ud800]]>`;

const sample = buildReport(sampleDraft());
const chart = (id: string): Chart => sample.charts.find((one) => one.id === id)!;
const svgOf = (one: Chart): Element => parseHTML(drawChart(one).panels[0].svg.markup).document.querySelector("svg")!;

/** The sample with every text replaced. */
function hostileDraft(): ReportDraft {
  const replace = (value: unknown, key: string): unknown => {
    if (typeof value === "string")
      return ["kind", "id", "scale", "spikes", "figure", "url", "unit"].includes(key) ? value : HOSTILE;
    if (Array.isArray(value)) return value.map((entry) => replace(entry, key));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, replace(entry, name)]));
  };
  const { experiment, highlights, ...rest } = sampleDraft();
  return {
    ...(replace(rest, "") as ReportDraft),
    highlights: highlights!,
    experiment: { ...experiment!, name: HOSTILE },
  };
}

describe("the page", () => {
  test("loads nothing: no element refers to another file, and links are plain links", () => {
    const { document } = parseHTML(reportHtml(sample));
    expect(document.querySelectorAll("[src], link, iframe, object, embed, image, use, base, form")).toHaveLength(0);
    for (const element of document.querySelectorAll("[href]")) {
      expect(element.localName).toBe("a");
      expect(element.getAttribute("href")).toMatch(/^(#|https:\/\/doi\.org\/)/);
    }
    expect(document.querySelector("style")!.textContent).not.toMatch(/url\(|@import/);
    expect(document.querySelector("meta[http-equiv]")!.getAttribute("content")).toContain("default-src 'none'");
  });

  test("holds the whole report as JSON", () => {
    const { document } = parseHTML(reportHtml(sample));
    expect(parseReport(document.querySelector("script#report")!.textContent!)).toEqual(sample);
  });

  test("keeps hostile text as text, everywhere", () => {
    const report = buildReport(hostileDraft());
    const page = reportHtml(report);
    const { document } = parseHTML(page);
    expect(document.querySelectorAll("img")).toHaveLength(0);
    expect(page).not.toContain("<img");
    expect(page.match(/<\/script/g)).toHaveLength(1);
    expect(page.match(/<!--/g)).toBeNull();
    expect(document.querySelector("h1")!.textContent).toBe(
      HOSTILE.replace("\u0007", "\ufffd").replace("\ud800", "\ufffd"),
    );
    expect(parseReport(document.querySelector("script#report")!.textContent!).title).toBe(HOSTILE);
  });

  test("is the same for equal reports", () => {
    expect(reportHtml(buildReport(sampleDraft()))).toBe(reportHtml(sample));
  });

  test("names every drawing, gives its numbers as a table, and orders its headings", () => {
    const { document } = parseHTML(reportHtml(sample));
    for (const figure of document.querySelectorAll("figure")) {
      expect(figure.querySelectorAll("[role=img][aria-label] > svg").length).toBeGreaterThan(0);
      expect(figure.querySelectorAll("details table tbody tr").length).toBeGreaterThan(0);
    }
    const levels = [...document.querySelectorAll("h1, h2, h3")].map(({ localName }) => Number(localName[1]));
    expect(levels[0]).toBe(1);
    expect(Math.max(...levels.slice(1).map((level, i) => level - levels[i]))).toBe(1);
    for (const link of document.querySelectorAll('a[href^="#"]')) {
      expect(document.querySelector(`[id="${link.getAttribute("href")!.slice(1)}"]`)).not.toBeNull();
    }
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("shows every figure and both sides of every claim", () => {
    const { document } = parseHTML(reportHtml(sample));
    const text = document.querySelector("main")!.textContent!;
    for (const { id } of sample.figures) expect(text).toContain(id);
    for (const shown of ["0.067", "−0.0089", "317", "nJ", "mm²"]) expect(text).toContain(shown);
  });

  test("renders in a browser, wide and narrow, without request or error", async () => {
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on("request", (request) => problems.push(request.url()));
      page.on("console", (message) => problems.push(message.text()));
      await page.setContent(reportHtml(buildReport(hostileDraft())));
      await page.setContent(reportHtml(sample));
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 800 });
        const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        expect(await page.evaluate(overflow)).toBe(0);
      }
      expect(problems).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

describe("drawings", () => {
  test("lines have a path per series, a bar per interval, a symbol per point and a dotted line per rule", () => {
    const svg = svgOf(chart("ber.steps"));
    expect(svg.querySelectorAll('g[aria-label="line"] path')).toHaveLength(2);
    expect(svg.querySelectorAll('g[aria-label="dot"] > *')).toHaveLength(12);
    expect(svg.querySelectorAll('g[aria-label="rule"] line[x1]').length).toBeGreaterThanOrEqual(6);
    expect(svg.querySelectorAll("g.rules path")).toHaveLength(3);
    // Labels of rules keep their distance, or they could not be read.
    const heights = [...svg.querySelectorAll("g.rules text")].map((text) => Number(text.getAttribute("y")));
    // 14 pixels, written with one decimal.
    expect(Math.min(...heights.slice(1).map((y, i) => y - heights[i]))).toBeGreaterThanOrEqual(13.9);
  });

  test("zeros on a logarithmic axis are open triangles, and the drawing says so", () => {
    const drawing = drawChart(chart("ber.snr"));
    const svg = svgOf(chart("ber.snr"));
    expect(svg.querySelectorAll('path[fill="var(--page)"], g[fill="var(--page)"] path')).toHaveLength(1);
    expect(drawing.remark).toContain("zeros");
  });

  test("a logarithmic axis ends on ticks around all its values", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 5 }),
        (values) => {
          const { domain, ticks } = logarithmic(values);
          expect(domain[0]).toBeLessThanOrEqual(Math.min(...values));
          expect(domain[1]).toBeGreaterThanOrEqual(Math.max(...values));
          expect(domain[1]).toBeGreaterThan(domain[0]);
          for (const tick of ticks) expect(tick).toSatisfy((t: number) => domain[0] <= t && t <= domain[1]);
          expect(ticks.length).toBeGreaterThanOrEqual(2);
        },
      ),
      { seed: 1 },
    );
  });

  test("bars have one rectangle each", () => {
    const svg = svgOf(chart("density.layers"));
    expect(svg.querySelectorAll('g[aria-label="bar"] > *')).toHaveLength(8);
    expect(drawChart(chart("density.layers")).legend.map(({ name }) => name)).toEqual(["crossbars", "SSA engine"]);
  });

  test("a raster has one rectangle per run of spikes", () => {
    // Two features, one token, four steps. Feature 0: 1 1 0 1 (two runs); feature 1: 0 0 1 0 (one run).
    // Bits [step][feature] are 10 10 01 10, least significant first: 1 + 4 + 32 + 64 = 101.
    const layer = { name: "x", steps: 4, tokens: 1, features: 2, density: 0.5, spikes: btoa(String.fromCharCode(101)) };
    const svg = svgOf({ kind: "raster", id: "r", title: "r", caption: "", layers: [layer] });
    const path = svg.querySelector('path[fill="var(--series-0)"]')!.getAttribute("d")!;
    expect(path.match(/M/g)).toHaveLength(3);
  });

  test("heat has a cell per value that is not zero", () => {
    const heat = chart("attention.first");
    if (heat.kind !== "heat") throw new Error("the sample changed");
    const filled = heat.values.flat().filter((value) => value !== 0).length;
    expect(svgOf(heat).querySelectorAll('g[aria-label="cell"] rect')).toHaveLength(filled);
  });

  test("a layout has two rectangles per crossbar, the inner one as large as its share of cells", () => {
    const layers = [
      {
        name: "embed",
        inputs: 64,
        outputs: 128,
        crossbars: [{ rowBlock: 0, columnBlock: 0, usedRows: 64, usedColumns: 128, tile: 7 }],
      },
    ];
    const svg = svgOf({
      kind: "layout",
      id: "l",
      title: "l",
      caption: "",
      crossbar: { rows: 128, columns: 128 },
      layers,
    });
    const area = (rect: Element) => Number(rect.getAttribute("width")) * Number(rect.getAttribute("height"));
    const [used, whole] = [...svg.querySelectorAll('g[aria-label="rect"] rect')].map(area);
    expect(used! / whole!).toBeCloseTo(0.5, 12);
    expect(svg.textContent).toContain("7");
  });
});

test("escaped text has no characters that start markup, and reads back as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("<", ">", "&", '"', "'", "a", "/", "!", "-") }), (text) => {
      const escaped = escapeHtml(text);
      expect(escaped).not.toMatch(/[<>"']/);
      expect(parseHTML(`<html><body><p>${escaped}</p></body></html>`).document.querySelector("p")!.textContent).toBe(
        text,
      );
      const json = JSON.stringify(text);
      expect(embedJson(json).markup).not.toContain("<");
      expect(JSON.parse(embedJson(json).markup)).toBe(text);
    }),
    { seed: 1 },
  );
});
