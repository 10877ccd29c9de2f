/** The content security policy of every page, as a meta element: nothing from elsewhere, and no script that is not ours. */
import { createHash } from "node:crypto";

const COMMON = ["default-src 'none'", "base-uri 'none'", "form-action 'none'"];
const INLINE = /<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g;

const hashOf = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** What VitePress adds as a style element while dark and light change: no transitions. */
export const VITEPRESS_STYLES = [
  `*,*::before,*::after{${["-webkit-", "-moz-", "-o-", "-ms-", ""].map((maker) => `${maker}transition:none!important`).join(";")}}`,
];

/** What TypeDoc adds for the filters of a page, one after the other, and before the first. */
const FILTERS = ["protected", "inherited", "external"].map(
  (name) => `html:not(.filter-${name}) .tsd-is-${name} { display: none; }\n`,
);
export const TYPEDOC_STYLES = ["", ...FILTERS.map((_, i) => FILTERS.slice(0, i + 1).join(""))];

/**
 * A page with its policy. Scripts that stand in the page are allowed by what they say (SHA-256), and no others; so are the `styles` that
 * its own scripts add.
 */
export function withPolicy(html, styles = VITEPRESS_STYLES) {
  const hashes = Array.from(html.matchAll(INLINE), ([, text]) => hashOf(text));
  const scripts = ["script-src 'self'", ...new Set(hashes)].join(" ");
  return insert(html, [
    ...COMMON,
    scripts,
    ["style-src 'self'", ...styles.map(hashOf)].join(" "),
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self' data:",
  ]);
}

/** The studio's page with the directives of its server, less the one that a meta element cannot say. */
export const withStudioPolicy = (html, directives) =>
  insert(
    html,
    directives.filter((directive) => !directive.startsWith("frame-ancestors ")),
  );

function insert(html, directives) {
  const meta = `<meta http-equiv="Content-Security-Policy" content="${directives.join("; ")}">`;
  if (!html.includes("<head>")) throw new Error("A page without a head cannot have a policy.");
  return html.replace("<head>", () => `<head>${meta}`);
}
