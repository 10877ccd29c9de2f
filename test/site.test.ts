/** The site's outline is that of docs/README.md and reaches every page; `site.tools.test.ts` builds the site and follows its links. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { expect, test } from "vitest";
import { READINGS } from "../studio/src/state/reading.ts";

interface Entry {
  readonly text: string;
  readonly page: string;
  readonly items?: readonly Entry[];
}

interface Named {
  readonly name: string;
  readonly text: string;
}

const root = join(import.meta.dirname, "..");
// Through variables, because the programs of site/ have no types.
const load = (path: string) => import(join(root, "site", path));
const { anchorOf, outline, pages, shownFiles, addressOf, redirects, rewritten } = (await load("outline.mjs")) as {
  anchorOf: (heading: string) => string;
  outline: () => readonly { text: string; items: readonly Entry[] }[];
  pages: readonly string[];
  shownFiles: () => ReadonlyMap<string, string>;
  addressOf: (path: string) => { address?: string; outside?: string } | null;
  redirects: () => readonly (readonly [name: string, target: string])[];
  rewritten: (page: string) => string;
};
const { redirectPage } = (await load("guessed.mjs")) as { redirectPage: (target: string) => string };
const { entries, nameInCode, pageOfName } = (await load("api.mjs")) as {
  entries: readonly { name: string; stages: readonly { title: string; page: string; names: readonly Named[] }[] }[];
  nameInCode: (code: string) => string | undefined;
  pageOfName: ReadonlyMap<string, string>;
};
const { withPolicy } = (await load("policy.mjs")) as { withPolicy: (html: string) => string };

const flat = (entries: readonly Entry[]): string[] => entries.flatMap(({ page, items = [] }) => [page, ...flat(items)]);
const listed = outline().flatMap(({ items }) => flat(items));

test("the sidebar has the parts of docs/README.md in its order, each with the pages of its list, and then the code", () => {
  const index = readFileSync(join(root, "docs/README.md"), "utf8");
  const parts = index.split(/^\*\*(.+)\*\*$/m).slice(1);
  const groups = outline();
  expect(groups.length).toBeGreaterThan(3);
  expect(groups.map(({ text }) => text)).toEqual([...parts.filter((_, i) => i % 2 === 0), "The code"]);
  for (const [i, { text, items }] of groups.slice(0, -1).entries()) {
    const first = Array.from(parts[2 * i + 1]!.matchAll(/^- \[([^\]]+)\]\(([^)#]+)/gm), ([, words, link]) => [
      words!.replaceAll("`", ""),
      posix.join("docs", link!),
    ]);
    expect(
      items.map((item) => [item.text, item.page]),
      text,
    ).toEqual(first);
  }
});

test("it leads to every page of docs/ and experiments/, each once, and to nothing that does not exist", () => {
  const folders = [
    "docs",
    "docs/decisions",
    ...readdirSync(join(root, "experiments")).map((name) => `experiments/${name}`),
  ];
  const there = folders.flatMap((folder) => pages.filter((page) => page.startsWith(`${folder}/`)));
  const index = new Set(["docs/README.md"]);
  expect([...new Set(there)].filter((page) => !index.has(page) && !listed.includes(page))).toEqual([]);
  expect(listed.filter((page) => !existsSync(join(root, page)))).toEqual([]);
  expect(new Set(listed).size).toBe(listed.length);
  expect(there.length).toBeGreaterThan(50);
});

test("files that pages refer to are shown, with a link to their source", () => {
  const shown = shownFiles();
  expect(shown.get("src/model/neuron/lif.ts")).toContain("export ");
  expect(addressOf("src/model/neuron/lif.ts")).toEqual({ address: "/source/src/model/neuron/lif.ts.md" });
  expect(addressOf("docs/public-api")).toEqual({ address: "/api/index.md" });
  expect(addressOf("experiments/fronts/README.md")).toEqual({ address: "/experiments/fronts/index.md" });
  expect(addressOf("docs/figures/fronts.svg")).toBeNull();
  expect(addressOf("studio/index.html")).toEqual({ outside: "/studio/index.html" });
  expect([rewritten("site/home.md"), rewritten("README.md"), rewritten("docs/README.md")]).toEqual([
    "index.md",
    "readme.md",
    "docs/index.md",
  ]);
});

test("every public name is on the page of its stage, values before types, and stages have the order of the entry points", () => {
  const [first] = entries;
  const titles = first!.stages.map(({ title }) => title);
  const headings = Array.from(
    readFileSync(join(root, "src/index.ts"), "utf8").matchAll(/^\/\/ ([^:]+):/gm),
    (m) => m[1],
  );
  expect(titles).toEqual(headings);
  const stages = entries.flatMap(({ stages }) => stages);
  expect(new Set(stages.map(({ page }) => page)).size).toBe(stages.length);
  const training = stages.find(({ title }) => title === "Training")!;
  expect(training.names.map(({ name }) => name).slice(0, 3)).toEqual(["encodeTrained", "gpuBackend", "train"]);
  expect(training.names.find(({ name }) => name === "train")!.text).toMatch(/^function train</);
  expect(pageOfName.get("trainToFolder")).toBe("site/api/node-training-into-a-folder.md");
  expect(pageOfName.get("SweepRow")).toBe("site/api/sweeps.md");
});

test("code that can only mean a public name is one", () => {
  expect(["parseExperiment", "Network", "train()", "nodeExecutor()"].map(nameInCode)).toEqual([
    "parseExperiment",
    "Network",
    "train",
    "nodeExecutor",
  ]);
  // A command, a field, a private name, and a call with arguments.
  expect(["train", "hardware.adc", "foldedLines", "train(subject)"].map(nameInCode)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("a page's policy allows its own scripts, by their hash, and no others", () => {
  // printf 'alert(1)' | openssl dgst -sha256 -binary | base64
  const hash = "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='";
  const page = withPolicy(
    '<html><head></head><body><script src="a.js"></script><script id="b">alert(1)</script></body>',
  );
  expect(page).toContain(`script-src 'self' ${hash};`);
  expect(page).not.toContain("unsafe-inline");
});

test("the studio's links lead to headings of the pages", () => {
  const { idea, ...places } = READINGS;
  for (const [address] of Object.values(places)) {
    const [page, anchor] = address.replace(".html", ".md").split("#");
    const headings = Array.from(
      readFileSync(join(root, page!), "utf8").matchAll(/^#+ (.+)$/gm),
      ([, heading]) => heading!,
    );
    expect(headings.map(anchorOf), address).toContain(anchor);
  }
  expect(rewritten("site/article.md").replace(".md", ".html")).toBe(idea[0]);
});

test("the name of each README file leads to its page, in a page with an icon, a landmark and a policy", () => {
  const readmes = pages.filter((page) => /(^|\/)README\.md$/.test(page));
  const led = redirects().map(([name, target]) => [name, posix.join(posix.dirname(name), target)]);
  expect(led).toEqual(readmes.map((page) => [page, rewritten(page)].map((name) => name.replace(/\.md$/, ".html"))));
  expect(led).toEqual(
    expect.arrayContaining([
      ["README.html", "readme.html"],
      ["docs/README.html", "docs/index.html"],
    ]),
  );
  expect(new Set(led.flat()).size).toBe(2 * led.length);
  const page = redirectPage("index.html");
  expect(page).toContain('<meta http-equiv="refresh" content="0; url=index.html">');
  expect(page).toContain('<link rel="icon" href="data:,">');
  expect(page).toMatch(/Content-Security-Policy.*<main><h1>.*href="index\.html".*<\/main>/s);
});
