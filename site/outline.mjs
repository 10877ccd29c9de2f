/**
 * The parts of the site, read from the documentation itself: its pages, their order, and the files that they link to.
 *
 * docs/README.md sets the order: its parts and items become the groups and entries of the sidebar. An entry that is the index of a folder,
 * such as experiments/README.md, gets the pages that it links to as subentries. Paths are relative to the repository.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join, posix, relative } from "node:path";
import { API, entries } from "./api.mjs";

export const root = join(import.meta.dirname, "..");

/** Paths of generated or foreign files. */
const SKIPPED = new Set(["dist-bench", "docs/api", "out", "results", "runs", "site"]);
/** Types of files that are shown as they are. */
const SHOWN = new Set([".ts", ".tsx", ".mjs", ".json", ".cfg", ".cff", ".txt", ".sv", ""]);
/** Most characters of a file that are shown. */
const MOST = 60_000;

const LINK = /\[([^\]]*)\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g;

const read = (path) => readFileSync(join(root, path), "utf8");
/** A text without its code, in which nothing is a link. */
const prose = (text) =>
  text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, (span) => span.replace(/[[\]]/g, " "));
/** The target of a link as a path of the repository and an anchor; null for a link to another host or on the same page. */
export function targetOf(page, link) {
  if (/^[a-z]+:/i.test(link) || link.startsWith("#")) return null;
  const [path, anchor = ""] = decodeURI(link).split("#");
  return { path: posix.normalize(posix.join(posix.dirname(page), path)).replace(/\/$/, ""), anchor };
}
const linksOf = (page, text = read(page)) =>
  Array.from(prose(text).matchAll(LINK), ([, words, link]) => ({
    text: words.replace(/`/g, ""),
    ...targetOf(page, link),
  })).filter(({ path }) => path !== undefined);

/** Every page: all Markdown of the repository. */
export const pages = markdownBelow(root);

function markdownBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    const name = relative(root, path);
    if (SKIPPED.has(name) || /^(\.|node_modules$|dist$)/.test(entry.name)) return [];
    if (entry.isDirectory()) return markdownBelow(path);
    return name.endsWith(".md") ? [name] : [];
  });
}

/** The pages of the public interface, which site/api-pages.mjs writes before a build. */
const apiPages = existsSync(join(root, API)) ? readdirSync(join(root, API)).map((name) => posix.join(API, name)) : [];

/** Groups of the sidebar for the public interface. */
export const apiOutline = () => [
  { text: "The public interface", items: [{ text: "Every name", page: `${API}/index.md` }] },
  ...entries.map(({ name, stages }) => ({
    text: name,
    items: stages.map(({ title, page }) => ({ text: title, page })),
  })),
];

/** First heading of a page. */
export const titleOf = (page) => /^# (.+)$/m.exec(read(page))?.[1].replace(/`/g, "") ?? page;

/** Groups of the sidebar: `{ text, items: [{ text, page, items? }] }`. */
export function outline(index = "docs/README.md") {
  const groups = [];
  for (const line of read(index).split("\n")) {
    const part = /^\*\*(.+)\*\*$/.exec(line);
    const [first] = linksOf(index, line);
    if (part) groups.push({ text: part[1], items: [] });
    else if (first && line.startsWith("- ")) groups.at(-1).items.push(entryOf(first));
  }
  // The text after the lists is about the code.
  const rest = read(index)
    .split(/^- .*$/m)
    .at(-1);
  groups.push({
    text: "The code",
    items: linksOf(index, rest).map(({ path }) => ({ text: titleOf(path), page: path })),
  });
  return groups;
}

function entryOf({ text, path }) {
  const folder = `${dirname(path)}/`;
  const below = path.endsWith("README.md")
    ? new Set(
        linksOf(path).flatMap((link) => (isPage(link.path) && link.path.startsWith(folder) ? [pageAt(link.path)] : [])),
      )
    : new Set();
  below.delete(path);
  const items = [...below].map((page) => entryOf({ text: titleOf(page), path: page }));
  return items.length > 0 ? { text, page: path, items } : { text, page: path };
}

const pageAt = (path) => (path.endsWith(".md") ? path : posix.join(path, "README.md"));
const isPage = (path) => existsSync(join(root, pageAt(path)));

/** Files and folders that pages link to and that are not pages, by path; each with its text as Markdown. */
export function shownFiles() {
  const named = new Set([...pages, ...apiPages].flatMap((page) => linksOf(page).map(({ path }) => path)));
  const shown = new Map();
  for (const path of named) {
    if (isPage(path) || ELSEWHERE[path] || OUTSIDE[path] || isPicture(path) || !existsSync(join(root, path))) continue;
    if (!isFolder(path)) shown.set(path, fileAsPage(path));
    else {
      const files = readdirSync(join(root, path)).map((name) => posix.join(path, name));
      for (const file of files) if (!isFolder(file) && isShown(file)) shown.set(file, fileAsPage(file));
      shown.set(path, folderAsPage(path, files));
    }
  }
  return shown;
}

const isFolder = (path) => statSync(join(root, path)).isDirectory();
const isPicture = (path) => [".svg", ".png"].includes(extname(path));
const isShown = (path) => SHOWN.has(extname(path)) && !isPicture(path);

function fileAsPage(path) {
  const text = read(path);
  const cut = text.length > MOST ? `${text.slice(0, MOST)}\n…\n` : text;
  const language = { ".mjs": "js", ".ts": "ts", ".tsx": "tsx", ".json": "json" }[extname(path)] ?? "text";
  const note =
    cut === text ? "" : `The first ${MOST.toLocaleString("en")} characters of ${text.length.toLocaleString("en")}.\n\n`;
  return `# ${path}\n\n${note}\`\`\`\`\`${language} lines\n${cut.trimEnd()}\n\`\`\`\`\`\n`;
}

function folderAsPage(path, files) {
  const items = files.map((file) => {
    const name = posix.basename(file);
    return !isFolder(file) && isShown(file) ? `- [${name}](/${file})` : `- ${name}`;
  });
  return `# ${path}\n\n${items.join("\n")}\n`;
}

/** Files of the repository that are another page of the site. */
const ELSEWHERE = { "docs/public-api": "/api/index.md" };
/** Files of the repository that other programs turn into pages of the site. */
const OUTSIDE = { "studio/index.html": "/studio/index.html" };

/**
 * Where a path of the repository is on the site: `{ address }` of a page, `{ outside }` for a page that another program makes, null for a
 * picture, which the bundler finds itself.
 */
export function addressOf(path) {
  if (OUTSIDE[path]) return { outside: OUTSIDE[path] };
  if (ELSEWHERE[path]) return { address: ELSEWHERE[path] };
  if (isPicture(path)) return null;
  if (isPage(path)) return { address: `/${rewritten(pageAt(path))}` };
  return { address: `/source/${path}.md` };
}

/** Pages of the site itself, and their names on it. */
const OWN = { "site/home.md": "index.md", "site/article.md": "article.md" };

/** The name of a page's file on the site: the index of a folder gets the name that servers look for, and so does the home page. */
export function rewritten(page) {
  if (OWN[page]) return OWN[page];
  if (page === "README.md") return "readme.md";
  return page.replace(/^site\/(source|api)\//, "$1/").replace(/\/README\.md$/, "/index.md");
}

/** Addresses that readers guess from README files, each with the name of its page from there. */
export const redirects = () =>
  pages
    .filter((page) => posix.basename(page) === "README.md")
    .map((page) => [html(page), posix.basename(html(rewritten(page)))]);

const html = (page) => page.replace(/\.md$/, ".html");

/** The anchor of a heading, as code hosts derive it. */
export const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
