// @module-tag slow
import fc from "fast-check";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { sampleDraft } from "../../test/support/sample-report.ts";
import { buildReport, type ReportDraft } from "./build-report.ts";
import { reportHtml } from "./html.ts";
import { parseReport } from "./json.ts";
import { escapeHtml, jsonScript } from "./markup.ts";
import { figuresHtml } from "./page.ts";

const HOSTILE = `</script><!--<img src=x onerror=alert(1)>"'&\u0007\ud800]]>`;

const sample = buildReport(sampleDraft());

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

test("a report without charts is the same page without a library of charts; one with charts is refused", () => {
  const plain = buildReport({ ...sampleDraft(), charts: [] });
  expect(figuresHtml(plain)).toBe(reportHtml(plain));
  expect(() => figuresHtml(sample)).toThrow("reportHtml of xpikeformer/node");
});

describe("the page", () => {
  test("loads nothing: no element refers to another file, and links are plain links", () => {
    const { document } = parseHTML(reportHtml(sample));
    expect(document.querySelectorAll("[src], link, iframe, object, embed, use, base, form").length).toBe(0);
    for (const picture of document.querySelectorAll("image")) {
      expect(picture.getAttribute("href")).toMatch(/^data:image\/png;base64,[A-Za-z0-9+/]+=*$/);
    }
    for (const element of document.querySelectorAll("[href]:not(image)")) {
      expect(element.localName).toBe("a");
      expect(element.getAttribute("href")).toMatch(/^(#|https:\/\/doi\.org\/)/);
    }
    expect(document.querySelector("style")!.textContent).not.toMatch(/url\(|@import/);
    expect(document.querySelector("meta[http-equiv]")!.getAttribute("content")).toContain("default-src 'none'");
  });

  test("folds all figures and sources, and leads into them", () => {
    const { document } = parseHTML(reportHtml(sample));
    for (const id of ["figures", "sources"]) {
      // What a link leads into, browsers open; so the id is inside.
      expect(document.querySelector(`details:not([open]) > #${id}`)).not.toBeNull();
      expect(document.querySelector(`nav a[href="#${id}"]`)).not.toBeNull();
    }
  });

  test("writes each reason for a difference once, and every claim names its own", () => {
    const { document } = parseHTML(reportHtml(sample));
    const reasons = [...document.querySelectorAll(".whys li")].map(({ textContent }) => textContent);
    expect(reasons).toEqual([...new Set(sample.claims.map(({ why }) => why))]);
    const named = [...document.querySelectorAll(".claims .why a")].map(
      (link) => document.querySelector(`[id="${link.getAttribute("href")!.slice(1)}"]`)!.textContent,
    );
    expect(named).toEqual(sample.claims.map(({ why }) => why));
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
      const [, inside] = /^<script type="application\/json" id="data">(.*)<\/script>$/s.exec(
        jsonScript("data", json).markup,
      )!;
      expect(inside).not.toContain("<");
      expect(JSON.parse(inside!)).toBe(text);
    }),
    { seed: 1 },
  );
});
