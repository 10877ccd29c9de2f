// Counts the words of each page, without code blocks and comments: `node scripts/words.mjs [FILE...]`.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "..");

/** The number of words in a Markdown page outside code blocks and comments. A word has at least one letter or digit. */
export function countWords(markdown) {
  const shown = markdown
    .replace(/^(`{3,})[^\n]*\n[\s\S]*?^\1`*[ \t]*$/gm, "")
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/\]\([^)]*\)/g, "]");
  return (shown.match(/\S+/g) ?? []).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

/** All Markdown pages below a folder of the repository, as paths from the root. */
export const pagesBelow = (folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(folder, name))
    .filter((name) => name.endsWith(".md") && !/(^|\/)(node_modules|api|dist)\//.test(name))
    .toSorted();

/** The number of words in all pages below a folder. */
export const wordsBelow = (folder) =>
  pagesBelow(folder).reduce((sum, page) => sum + countWords(readFileSync(join(root, page), "utf8")), 0);

if (process.argv[1] === import.meta.filename) {
  const asked = process.argv.slice(2).map((path) => relative(root, path));
  const pages =
    asked.length > 0 ? asked : ["README.md", "CHANGELOG.md", ...["docs", "experiments"].flatMap(pagesBelow)];
  let total = 0;
  for (const page of pages) {
    const words = countWords(readFileSync(join(root, page), "utf8"));
    total += words;
    console.log(String(words).padStart(7), page);
  }
  console.log(String(total).padStart(7), "in all");
}
