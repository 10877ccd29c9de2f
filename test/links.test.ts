/**
 * Checks every link of the documentation: relative links and anchors in Markdown, paths written as code, and the pages and
 * anchors named in source comments. Links to other sites are not followed.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
/** Written by programs, or by others. */
const SKIPPED = new Set(["node_modules", "dist", "out", "results", "api", ".git"]);

const pages = filesUnder(root, ".md");
const sources = ["src", "test", "examples"].flatMap((folder) => filesUnder(join(root, folder), ".ts", ".mjs"));

describe("in the pages", () => {
  test.each(pages)("%s: links and anchors resolve", (page) => {
    expect(linksOf(prose(read(page))).flatMap((link) => problem(page, link))).toEqual([]);
  });

  test.each(pages)("%s: files named as code exist", (page) => {
    const named = Array.from(
      prose(read(page)).matchAll(/`((?:src|test|docs|examples|bench|scripts)\/[\w./-]+)`/g),
      ([, path]) => path!,
    );
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

test.each(pages)("%s: each table has a head, no more cells in a row than there, and an empty line after it", (page) => {
  expect(brokenTables(read(page))).toEqual([]);
});

test("the index of docs/ leads to every page there", () => {
  const targets = linksOf(prose(read("docs/README.md"))).map((link) => join("docs", link.split("#")[0]!));
  const decisions = linksOf(prose(read("docs/decisions/README.md"))).map((link) => join("docs/decisions", link));
  const others = pages.filter((page) => page.startsWith("docs/") && page !== "docs/README.md");
  expect(others.filter((page) => ![...targets, ...decisions].includes(page))).toEqual([]);
});

test("comments in the sources point to pages and sections that exist", () => {
  const found = sources.flatMap((file) =>
    Array.from(read(file).matchAll(/`(docs\/[\w/-]+\.md(?:#[\w-]+)?)`/g), ([, link]) =>
      problem("README.md", link!).map((reason) => `${file}: ${reason}`),
    ),
  );
  expect(found.flat()).toEqual([]);
});

describe("the checks themselves", () => {
  test("detect a table that an empty line cuts, a row outside a table, a row too long, and text that runs into a table", () => {
    const [head, row] = ["| a | b |\n|---|---|\n", "| 1 | `x\\|y` |\n"];
    expect(brokenTables(`${head}${row}\n- list\n`)).toEqual([]);
    expect(brokenTables(`${head}${row}\n${row}`)).toEqual(["| 1 | `x\\|y` |: no head"]);
    expect(brokenTables(`text\n\n${row}`)).toEqual(["| 1 | `x\\|y` |: no head"]);
    expect(brokenTables(`${head}| 1 | x|y |\n`)).toEqual(["| 1 | x|y |: 3 of 2 cells"]);
    expect(brokenTables(`${head}${row}- list\n`)).toEqual(["- list: no empty line before it"]);
    expect(brokenTables("```\n| no table |\n```\n")).toEqual([]);
  });

  test("name anchors as GitHub does", () => {
    expect(anchorsOf("# A `b` (c), d: e_f\n## The same\n## The same\n")).toEqual([
      "a-b-c-d-e_f",
      "the-same",
      "the-same-1",
    ]);
  });

  test("find links of every form, and none in code", () => {
    const page = '[a](b.md) ![c](d.svg "e") [f]: g.md#h\n```\n[i](j.md)\n```\n`[k](l.md)`\n[m](https://n.example)\n';
    expect(linksOf(prose(page))).toEqual(["b.md", "d.svg", "https://n.example", "g.md#h"]);
  });

  test("detect a missing page and a missing anchor", () => {
    expect(problem("ARCHITECTURE.md", "docs/nowhere.md")).toHaveLength(1);
    expect(problem("ARCHITECTURE.md", "docs/model.md#nowhere")).toHaveLength(1);
    expect(problem("ARCHITECTURE.md", "docs/model.md#ties")).toEqual([]);
    expect(pages.length).toBeGreaterThan(5);
  });
});

/** Why a link on `page` leads nowhere; empty if it resolves. */
function problem(page: string, link: string): string[] {
  if (/^[a-z]+:/i.test(link)) return [];
  const [path, anchor] = link.split("#");
  // An experiment for the studio; `gallery.test.ts` opens it.
  if (path === "studio.md" && anchor?.startsWith("open=")) return [];
  const target = path ? join(dirname(page), decodeURI(path)) : page;
  if (!existsSync(join(root, target))) return [`${link}: there is no ${target}`];
  if (!anchor || anchorsOf(read(target)).includes(anchor)) return [];
  return [`${link}: ${target} has no heading with that anchor`];
}

function linksOf(text: string): string[] {
  const inline = Array.from(text.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g), ([, link]) => link!);
  const reference = Array.from(text.matchAll(/^.*\[[^\]]+\]: (\S+)$/gm), ([, link]) => link!);
  return [...inline, ...reference];
}

/** Headings as GitHub's anchors. */
function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return Array.from(withoutBlocks(text).matchAll(/^#{1,6} (.+)$/gm), ([, heading]) => {
    const plain = heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = plain
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replace(/\s/g, "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

const withoutBlocks = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, "");

/** Without code blocks, and without code spans that contain a link. */
const prose = (text: string): string => withoutBlocks(text).replace(/`[^`\n]*\]\([^`\n]*`/g, "");

function filesUnder(folder: string, ...endings: string[]): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (SKIPPED.has(name)) return [];
    if (statSync(path).isDirectory()) return filesUnder(path, ...endings);
    return endings.some((ending) => name.endsWith(ending)) ? [relative(root, path)] : [];
  });
}

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The lines of a page that a reader of GitHub's Markdown would see as raw pipes, or in the wrong column. */
function brokenTables(page: string): string[] {
  const lines = page.replace(/^(`{3,}).*\n[\s\S]*?^\1$/gm, "").split("\n");
  const isRow = (line: string | undefined) => /^\|[ :-]/.test(line ?? "");
  const cells = (line: string) => line.match(/(?<!\\)\|/g)!.length - 1;
  let wide = 0;
  return lines.flatMap((line, i) => {
    if (!isRow(line)) return isRow(lines[i - 1]) && line.trim() !== "" ? [`${line}: no empty line before it`] : [];
    if (!isRow(lines[i - 1])) {
      wide = cells(line);
      return /^\|[-:| ]+\|$/.test(lines[i + 1] ?? "") ? [] : [`${line}: no head`];
    }
    return cells(line) <= wide ? [] : [`${line}: ${cells(line)} of ${wide} cells`];
  });
}
