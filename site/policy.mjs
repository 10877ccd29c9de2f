/** The content security policy of every page, as a meta element: nothing from elsewhere, and no script that is not ours. */
import { createHash } from "node:crypto";

const COMMON = ["default-src 'none'", "style-src 'self'", "base-uri 'none'", "form-action 'none'"];
const INLINE = /<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g;

/** A page with its policy. Scripts that stand in the page are allowed by what they say (SHA-256), and no others. */
export function withPolicy(html) {
  const hashes = Array.from(
    html.matchAll(INLINE),
    ([, text]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`,
  );
  const scripts = ["script-src 'self'", ...new Set(hashes)].join(" ");
  return insert(html, [...COMMON, scripts, "img-src 'self' data:", "font-src 'self'", "connect-src 'self' data:"]);
}

/** The studio's page with the policy of its server, less what a meta element cannot say. */
export const withStudioPolicy = (html) =>
  insert(html, [
    ...COMMON,
    // Kernels are WebAssembly.
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "img-src 'self' blob: data:",
    "connect-src 'self'",
  ]);

function insert(html, directives) {
  const meta = `<meta http-equiv="Content-Security-Policy" content="${directives.join("; ")}">`;
  if (!html.includes("<head>")) throw new Error("A page without a head cannot have a policy.");
  return html.replace("<head>", () => `<head>${meta}`);
}
