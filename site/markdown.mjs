/**
 * What the pages' Markdown needs beyond VitePress: links between files of the repository, math, and no style attribute, which the
 * content security policy of the site forbids.
 */
import { relative } from "node:path";
import { tex } from "@mdit/plugin-tex";
import temml from "temml";
import { addressOf, root, targetOf } from "./outline.mjs";

/** Links of the studio's page with this fragment open the studio itself where there is one, as there is on the site. */
const STUDIO = /^(?:.*\/)?studio\.md#open=(.+)$/;

/** Style attributes as classes of a sheet that is written at the end, by their text. */
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

/** Adds all of it to a parser. `base` is the folder of the site on its server. */
export function extend(md, { base, classOf }) {
  md.use(tex, { render: (formula, displayMode) => mathOf(formula, displayMode, classOf) });
  md.core.ruler.push("xpikeformer", ({ tokens, env }) => {
    const page = relative(root, env.path);
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
    // A page of its own, which the site's router leaves to the browser.
    token.attrSet("target", "_self");
  };
  if (opened) return outside(`/studio/index.html#${opened[1]}`);
  const target = link.startsWith("/") ? { path: link.slice(1), anchor: "" } : targetOf(page, link);
  if (target === null) return;
  const found = addressOf(target.path);
  if (found?.outside) outside(found.outside);
  else if (found) token.attrSet("href", `${found.address}${target.anchor && `#${target.anchor}`}`);
}

/** Characters of a formula within a line from which on it may be wider than a telephone. */
const LONG = 40;

/** MathML, which browsers draw themselves: no script, no fonts, no style. */
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

/** For the highlighter: colours of tokens as classes. */
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
