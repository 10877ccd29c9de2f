/**
 * Extends the Markdown of VitePress: links between files of the repository, math, and classes instead of style attributes, which the site's
 * content security policy forbids.
 */
import { relative } from "node:path";
import { tex } from "@mdit/plugin-tex";
import temml from "temml";
import { addressOf, root, targetOf } from "./outline.mjs";

/** Links to docs/studio.md with this fragment open the studio itself on the site. */
const STUDIO = /^(?:.*\/)?studio\.md#open=(.+)$/;

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
        walk(token.children);
      }
    };
    walk(tokens);
  });
}

function lead(token, page, base) {
  const link = token.attrGet("href");
  const opened = STUDIO.exec(link);
  const outside = (address) => {
    token.attrSet("href", `${base}${address.slice(1)}`);
    // Leaves the link to the browser: the site's router does not know this page.
    token.attrSet("target", "_self");
  };
  if (opened) return outside(`/studio/index.html#${opened[1]}`);
  const target = link.startsWith("/") ? { path: link.slice(1), anchor: "" } : targetOf(page, link);
  if (target === null) return;
  const found = addressOf(target.path);
  if (found?.outside) outside(found.outside);
  else if (found) token.attrSet("href", `${found.address}${target.anchor && `#${target.anchor}`}`);
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
