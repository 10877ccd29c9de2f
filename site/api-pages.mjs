/**
 * Writes the pages of the public names, with the comments and places that TypeDoc finds in the sources. A declaration is that of
 * docs/public-api/, where the compiler has resolved the types of experiments; comments of members stand above their lines.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { Application, Comment, TSConfigReader, TypeDocReader } from "typedoc";
import { API, entries, nameInCode, pageOfName } from "./api.mjs";

const root = join(import.meta.dirname, "..");
/** Declarations with more lines are folded. */
const LONG = 40;
/** Characters of a line, from which a function has its parameters below each other. */
const WIDE = 88;

/** Writes all pages. */
export async function writeApi() {
  const application = await Application.bootstrapWithPlugins({ logLevel: "Error", skipErrorChecking: true }, [
    new TypeDocReader(),
    new TSConfigReader(),
  ]);
  const project = await application.convert();
  if (!project) throw new Error("TypeDoc could not read the entry points.");
  const found = new Map(project.children.flatMap((entry) => entry.children.map((child) => [child.name, child])));
  rmSync(join(root, API), { recursive: true, force: true });
  mkdirSync(join(root, API), { recursive: true });
  const write = (page, text) => writeFileSync(join(root, page), text);
  write(`${API}/index.md`, indexPage());
  for (const { name, stages } of entries) {
    for (const stage of stages) write(stage.page, stagePage(name, stage, found));
  }
}

const linkTo = (name, from) => {
  const page = pageOfName.get(name);
  return `${page === from ? "" : posix.relative(dirname(from), page)}#${name}`;
};

function indexPage() {
  const parts = entries.map(({ name, stages }) => {
    const items = stages.map(({ title, subject, page, names }) => {
      const links = names.map((one) => `[\`${one.name}\`](${linkTo(one.name, `${API}/index.md`)})`);
      return `### [${title}](${posix.basename(page)})\n\n${sentence(subject)}\n\n${links.join(" ")}\n`;
    });
    return `## ${name}\n\n${items.join("\n")}`;
  });
  return `${FRONT}# The public interface\n\nEvery public name, by entry point and in the order of work. [As a library](../../docs/library.md) explains how to use them.\n\n${parts.join("\n")}`;
}

const FRONT = "---\noutline: 2\n---\n\n";
const sentence = (text) => (text ? `${text[0].toUpperCase()}${text.slice(1)}.` : "");

function stagePage(entry, { title, subject, page, names }, found) {
  const sections = names.map(({ name, text }) => {
    const reflection = found.get(name);
    if (!reflection) throw new Error(`TypeDoc does not find ${name}, which docs/public-api/ lists.`);
    return section(name, text, reflection, page);
  });
  return `${FRONT}# ${title}\n\n${sentence(subject)} From \`${entry}\`.\n\n${sections.join("\n")}`;
}

function section(name, text, reflection, page) {
  const [source] = reflection.sources;
  const file = relative(root, source.fullFileName);
  const place = `<span class="place">[${posix.basename(file)}, line ${source.line}](${posix.relative(dirname(page), file)}#L${source.line})</span>`;
  const signatures = reflection.signatures ?? reflection.type?.declaration?.signatures ?? [];
  // The first name of an entry point also gets the comment on the whole of it.
  const comments = [reflection, ...signatures].flatMap(({ comment }) =>
    comment?.sourcePath === source.fullFileName ? [comment] : [],
  );
  const parameters = signatures.flatMap((signature) =>
    (signature.parameters ?? []).flatMap((one) =>
      one.comment?.summary.length ? [`- \`${one.name}\`: ${markdownOf(one.comment.summary)}`] : [],
    ),
  );
  const parts = [
    `## \`${name}\` {#${name}}`,
    `${place}\n`,
    declaration(name, text, reflection, page),
    ...comments.map(commentOf),
    parameters.join("\n"),
  ];
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

const TAGS = { "@returns": "Returns ", "@example": "" };

function commentOf({ summary, blockTags }) {
  const tags = blockTags.flatMap(({ tag, content }) => (tag in TAGS ? [TAGS[tag] + markdownOf(content)] : []));
  return [markdownOf(summary), ...tags].join("\n\n");
}

/** A line of a comment that begins a row: a word, and what it is about after two spaces or more. */
const ROW = /^([A-Z]\w+) {2,}(.+)$/;

/** A comment as Markdown: rows become a list, and nothing outside of code is HTML or a formula. */
function markdownOf(parts) {
  const lines = Comment.combineDisplayParts(parts).split("\n");
  let isRow = false;
  const listed = lines.map((line) => {
    const row = ROW.exec(line);
    if (row) {
      const first = isRow ? "" : "\n";
      isRow = true;
      return `${first}- **${row[1]}**: ${row[2]}`;
    }
    if (!isRow) return line;
    if (/^ {3,}\S/.test(line)) return `  ${line.trim()}`;
    isRow = false;
    return `\n${line}`;
  });
  return outsideCode(listed.join("\n"), (text) => text.replace(/[<$]|\{\{/g, "\\$&"));
}

const outsideCode = (text, change) =>
  text
    .split(/(^```[\s\S]*?^```|`[^`]+`)/m)
    .map((part, i) => (i % 2 === 0 ? change(part) : part))
    .join("");

/** The declaration as HTML, in which public types are links. */
function declaration(name, text, reflection, page) {
  const said = new Map();
  const members = reflection.children ?? reflection.type?.declaration?.children ?? [];
  for (const member of members) {
    const comment = member.comment ?? member.signatures?.[0]?.comment ?? member.getSignature?.comment;
    if (comment) said.set(member.name, Comment.combineDisplayParts(comment.summary));
  }
  const lines = text.split("\n").flatMap((line) => (line.startsWith("function ") ? folded(line) : [line]));
  const html = lines.map((line) => {
    const member = /^ {2}(?:static |get )?"?([\w$-]+)"?\??[:(<]/.exec(line)?.[1];
    const comment = member && said.get(member);
    const above = comment ? `<span class="said">${inlineHtml(comment, page)}</span>` : "";
    return `${above}<span class="line">${linked(line, name, page)}</span>`;
  });
  const block = `<pre v-pre class="declaration"><code>${html.join("")}</code></pre>`;
  return lines.length > LONG
    ? `<details><summary>The declaration, ${lines.length} lines</summary>\n${block}\n</details>`
    : block;
}

/** A long function with a parameter per line. */
function folded(line) {
  if (line.length <= WIDE) return [line];
  const parts = [];
  let depth = 0;
  let start = 0;
  let isOpen = false;
  for (let i = 0; i < line.length; i++) {
    const character = line[i];
    if (character === ">" && line[i - 1] === "=") continue;
    if ("([{<".includes(character)) {
      depth++;
      if (depth === 1 && character === "(" && !isOpen) {
        isOpen = true;
        parts.push(line.slice(0, i + 1));
        start = i + 1;
      }
    } else if (")]}>".includes(character)) {
      depth--;
      if (depth === 0 && isOpen && character === ")") {
        parts.push(`  ${line.slice(start, i).trim()}`, line.slice(i));
        return parts;
      }
    } else if (character === "," && depth === 1 && isOpen) {
      parts.push(`  ${line.slice(start, i + 1).trim()}`);
      start = i + 1;
    }
  }
  return [line];
}

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text) => text.replace(/[&<>"]/g, (character) => ESCAPES[character]);
const addressOf = (name, page) => linkTo(name, page).replace(/\.md#/, ".html#");
const KEYWORDS = /^(?:abstract|class|const|extends|function|interface|keyof|readonly|type|typeof)$/;

/** A line of a declaration as HTML. */
function linked(line, own, page) {
  let before = "";
  return Array.from(line.matchAll(/"[^"]*"|[A-Za-z_$][\w$]*|\s+|[^"\w$\s]/g), ({ 0: token, index }) => {
    const isMember = /^\??:/.test(line.slice(index + token.length));
    const isType = /^[A-Z]/.test(token) || before === "typeof";
    const html = isMember ? escaped(token) : htmlOf(token, before, isType && pageOfName.has(token));
    if (/\S/.test(token)) before = token;
    return html;
  }).join("");

  function htmlOf(token, previous, isPublic) {
    if (token === own && KEYWORDS.test(previous)) return `<b>${token}</b>`;
    if (isPublic && token !== own) return `<a href="${addressOf(token, page)}">${token}</a>`;
    return KEYWORDS.test(token) ? `<i>${token}</i>` : escaped(token);
  }
}

/** A comment of a member as HTML: code, some of it with a link, and nothing else. */
const inlineHtml = (text, page) =>
  text
    .split(/`([^`]+)`/)
    .map((part, i) => {
      if (i % 2 === 0) return escaped(part);
      const name = nameInCode(part);
      const code = `<code>${escaped(part)}</code>`;
      return name ? `<a href="${addressOf(name, page)}">${code}</a>` : code;
    })
    .join("");
