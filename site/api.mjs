/**
 * The public names by stage of work, read from docs/public-api/: one page of the site for each heading of an entry point. What the pages say
 * is in site/api-pages.mjs.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** The entry points in the order of the sidebar, by the lists of their names. */
const ENTRIES = ["xpikeformer", "cost", "rtl", "report", "node"];

/** The folder of the pages, from the root of the repository. */
export const API = "site/api";

/**
 * The entry points: `{ name, stages: [{ title, subject, page, names: [{ name, text }] }] }`. `text` is a name's declaration as
 * docs/public-api/ has it, all overloads together.
 */
export const entries = ENTRIES.map((entry) => {
  const text = readFileSync(join(root, `docs/public-api/${entry}.txt`), "utf8");
  const parts = text.split(/^--- (.+)$/m).slice(1);
  const stages = parts.flatMap((heading, i) => (i % 2 === 0 ? [stageOf(entry, heading, parts[i + 1])] : []));
  return { name: entry === "xpikeformer" ? entry : `xpikeformer/${entry}`, stages };
});

function stageOf(entry, heading, text) {
  const [, title, rest] = /^([^:,]+?)(?:[:,] (.+?))?\.?$/.exec(heading);
  const slug = title.toLowerCase().replace(/\W+/g, "-");
  return {
    title,
    subject: rest,
    page: `${API}/${entry === "xpikeformer" ? slug : `${entry}-${slug}`}.md`,
    names: namesOf(text),
  };
}

/** Values, then types. A declaration begins at the left margin, with its name after a word that says what it is. */
function namesOf(list) {
  const names = new Map();
  for (const block of list.trim().split(/\n(?=[a-z])/)) {
    const name = /^(?:abstract )?(?:class|const|enum|function|interface|type) (\w+)/.exec(block)?.[1];
    if (!name) throw new Error(`docs/public-api/ has a declaration without a name: ${block}`);
    names.set(name, names.has(name) ? `${names.get(name)}\n${block}` : block);
  }
  const isType = ({ text }) => /^(?:interface|type) /.test(text);
  return Array.from(names, ([name, text]) => ({ name, text })).toSorted((a, b) => isType(a) - isType(b));
}

/** The page of every public name. */
export const pageOfName = new Map(
  entries.flatMap(({ stages }) => stages.flatMap(({ page, names }) => names.map(({ name }) => [name, page]))),
);

/** Code that can only mean a public name: one with a capital, or called. */
const CALLED = /^([A-Za-z]\w*?)(?:\(\))?$/;

/** The public name that a piece of code in a page is, or undefined. */
export function nameInCode(code) {
  const name = CALLED.exec(code)?.[1];
  return name && (code.endsWith("()") || /[A-Z]/.test(name)) && pageOfName.has(name) ? name : undefined;
}
