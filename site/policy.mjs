/** The content security policy of every page, as a meta element: nothing from other hosts, and only the site's own scripts. */
import { createHash } from "node:crypto";

const COMMON = ["default-src 'none'", "base-uri 'none'", "form-action 'none'"];
const INLINE = /<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g;

const hashOf = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** The style element that VitePress adds while it switches between dark and light: no transitions. */
export const VITEPRESS_STYLES = [
  `*,*::before,*::after{${["-webkit-", "-moz-", "-o-", "-ms-", ""].map((maker) => `${maker}transition:none!important`).join(";")}}`,
];

/**
 * A page with its policy. It allows inline scripts by their SHA-256 only, and so the `styles` that the page's own scripts add.
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
    // Live figures, and the service worker.
    "frame-src 'self'",
    "worker-src 'self'",
  ]);
}

/** The studio's page with the directives of its server, except the one that has no effect in a meta element. */
export const withStudioPolicy = (html, directives) =>
  insert(
    html,
    directives.filter((directive) => !directive.startsWith("frame-ancestors ")),
  );

function insert(html, directives) {
  const meta = `<meta http-equiv="Content-Security-Policy" content="${directives.join("; ")}">`;
  if (!html.includes("<head>")) throw new Error("This page has no head element for the policy.");
  return html.replace("<head>", () => `<head>${meta}`);
}
