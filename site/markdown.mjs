/**
 * Extends the Markdown of VitePress: links between files of the repository and to public names, math, and classes instead of style
 * attributes, which the site's content security policy forbids.
 */
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { tex } from "@mdit/plugin-tex";
import temml from "temml";
import { nameInCode, pageOfName } from "./api.mjs";
import { addressOf, root, targetOf } from "./outline.mjs";

/** Links to docs/studio.md with this fragment open the studio itself on the site. */
const STUDIO = /^(?:.*\/)?studio\.md#open=(.+)$/;

/** The anchor of a line in a file. */
const LINE = /^L\d+$/;

/** A comment that is a live figure, with the parts of the studio's address and a title, or that makes one of the picture below it. */
const LIVE = /^<!-- live: (\S+)(?: (.+?))? -->\s*$/;

/** Collects style attributes as classes, by their text, for a sheet that is written at the end. */
export function styleClasses() {
  const classes = new Map();
  return {
    classOf(style) {
      const text = style.replace(/;$/, "");
      if (!classes.has(text)) classes.set(text, `s-${classes.size}`);
      return classes.get(text);
    },
    sheet: () => Array.from(classes, ([style, name]) => `.${name}{${style}}`).join("\n"),
  };
}

/** Extends a parser. `base` is the path of the site on its server. */
export function extend(md, { base, classOf }) {
  md.use(tex, { render: (formula, displayMode) => mathOf(formula, displayMode, classOf) });
  md.core.ruler.push("live", ({ tokens }) => {
    for (const [i, token] of tokens.entries()) {
      const [, at, name] = (token.type === "html_block" && LIVE.exec(token.content)) || [];
      if (!at) continue;
      const { escapeHtml } = md.utils;
      if (name) {
        token.content = `<LiveFigure at="${escapeHtml(at)}" title="${escapeHtml(name)}" />\n`;
        continue;
      }
      const [, inline, end] = tokens.slice(i + 1);
      const [picture, ...others] = inline?.children ?? [];
      if (picture?.type !== "image" || others.length > 0) throw new Error(`No picture stands below ${token.content}`);
      token.content = `<LiveFigure at="${escapeHtml(at)}" title="${escapeHtml(picture.content)}">\n`;
      Object.assign(end, { type: "html_block", tag: "", nesting: 0, content: "</p></LiveFigure>\n" });
    }
  });
  md.core.ruler.push("xpikeformer", ({ tokens, env }) => {
    // Links are relative to the file, wherever its page is on the site.
    const page = relative(root, env.realPath ?? env.path);
    const walk = (list) => {
      for (const token of list ?? []) {
        const style = token.attrGet("style");
        if (style) {
          token.attrs = token.attrs.filter(([name]) => name !== "style");
          token.attrJoin("class", classOf(style));
        }
        if (token.type === "link_open") lead(token, page, base);
        if (token.type === "image") size(token, page);
        walk(token.children);
      }
    };
    linkNames(tokens, page);
    walk(tokens);
  });
}

/** Makes links of public names in the code of a page's sentences, except where a link is already, and in headings. */
function linkNames(tokens, page) {
  for (const [i, { type, children }] of tokens.entries()) {
    if (type !== "inline" || tokens[i - 1]?.type === "heading_open") continue;
    let depth = 0;
    for (let at = 0; at < children.length; at++) {
      const { type: kind, content, constructor: Token } = children[at];
      if (kind === "link_open") depth++;
      if (kind === "link_close") depth--;
      const name = kind === "code_inline" && depth === 0 ? nameInCode(content) : undefined;
      if (!name) continue;
      const open = new Token("link_open", "a", 1);
      open.attrSet("href", `${relative(dirname(page), pageOfName.get(name))}#${name}`);
      children.splice(at, 1, open, children[at], new Token("link_close", "a", -1));
      at += 2;
    }
  }
}

function lead(token, page, base) {
  const link = token.attrGet("href");
  const opened = STUDIO.exec(link);
  const outside = (address) => {
    token.attrSet("href", `${base}${address.slice(1)}`);
    // Leaves the link to the browser, and VitePress leaves its address as it is.
    token.attrSet("target", "_self");
  };
  if (opened) return outside(`/studio/index.html#${opened[1]}`);
  const target = link.startsWith("/") ? { path: link.slice(1), anchor: "" } : targetOf(page, link);
  if (target === null) return;
  const found = addressOf(target.path);
  if (found?.outside) outside(found.outside);
  // The router does not mark the target of a link.
  else if (found && LINE.test(target.anchor)) outside(`${found.address.replace(/\.md$/, ".html")}#${target.anchor}`);
  else if (found) token.attrSet("href", `${found.address}${target.anchor && `#${target.anchor}`}`);
}

/** Gives a picture its room before it is there, and loads it when a reader comes near. */
function size(token, page) {
  const path = targetOf(page, token.attrGet("src"))?.path;
  if (!path) return;
  const [width, height] = sizeOf(join(root, path));
  for (const attribute of Object.entries({ width, height, loading: "lazy" })) token.attrPush(attribute);
}

/** Width and height of a picture in pixels. */
function sizeOf(path) {
  const bytes = readFileSync(path);
  // The first chunk of a PNG begins with both.
  if (path.endsWith(".png")) return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const box = /<svg\b[^>]*\bviewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(bytes.toString("utf8"));
  if (!box) throw new Error(`${path} has no viewBox from which its size follows.`);
  return [box[1], box[2]].map((length) => String(Math.round(Number(length))));
}

/** Inline formulas of more characters may be wider than a telephone. */
const LONG = 40;

/** MathML, which browsers draw themselves, without scripts, fonts or styles. */
function mathOf(formula, displayMode, classOf) {
  const math = temml.renderToString(formula, { displayMode, throwOnError: true, annotate: false });
  const plain = math.replace(/<(\w+)([^>]*?) style="([^"]*)"([^>]*)>/g, (_, name, before, style, after) => {
    const attributes = `${before}${after}`;
    const added = classOf(style);
    return / class="/.test(attributes)
      ? `<${name}${attributes.replace(/ class="/, ` class="${added} `)}>`
      : `<${name}${attributes} class="${added}">`;
  });
  if (displayMode) return `<p v-pre class="math" tabindex="0">${plain}</p>`;
  return formula.length > LONG
    ? `<span v-pre class="math" tabindex="0">${plain}</span>`
    : `<span v-pre>${plain}</span>`;
}

/** For the highlighter: token colours as classes. */
export function colourClasses(classOf) {
  const move = (node) => {
    const { style } = node.properties;
    if (typeof style !== "string" || style === "") return;
    delete node.properties.style;
    const before = node.properties.class;
    node.properties.class = [before, classOf(style)].flat().filter(Boolean).join(" ");
  };
  return { name: "colour-classes", pre: move, code: move, line: move, span: move };
}

/** For the highlighter: lines of a block that says `lines` are targets of links, as code hosts name them. */
export const lineTargets = {
  name: "line-targets",
  line(node, line) {
    if (this.options.meta?.__raw?.includes("lines")) node.properties.id = `L${line}`;
  },
};
