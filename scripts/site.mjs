// Builds the site into site/dist: pages by VitePress, the API by TypeDoc, and the studio. `npm run site -- --base /folder/` builds it for
// a subfolder of a server; `--out` sets the output folder. The first run installs the site's own packages, which the package does not need.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { TYPEDOC_STYLES, withPolicy } from "../site/policy.mjs";
import { copyStudio, writeWorker } from "./studio-folder.mjs";

const root = join(import.meta.dirname, "..");
const site = join(root, "site");

const { values } = parseArgs({
  options: { base: { type: "string", default: "/" }, out: { type: "string", default: join(site, "dist") } },
});
const out = resolve(values.out);
const base = `/${values.base}/`.replace(/\/+/g, "/");

const npm = (...args) => execFileSync("npm", args, { cwd: root, stdio: "inherit" });
const ageOf = (path) => statSync(path).mtimeMs;

/** Copies the TypeDoc pages, and regenerates them first if the package was built since. */
function buildApi() {
  const index = join(root, "docs/api/index.html");
  if (!existsSync(index) || ageOf(join(root, "dist/build.tsbuildinfo")) > ageOf(index)) npm("run", "docs", "--silent");
  cpSync(join(root, "docs/api"), join(out, "api"), { recursive: true });
  for (const name of readdirSync(join(out, "api"), { recursive: true })) {
    if (name.endsWith(".html")) change(join(out, "api", name), asApiPage);
  }
}

/** Adds the site's policy, and an empty icon so that browsers do not request one. */
const asApiPage = (html) =>
  withPolicy(html, TYPEDOC_STYLES).replace("</title>", '</title><link rel="icon" href="data:,"/>');

const change = (path, how) => writeFileSync(path, how(readFileSync(path, "utf8")));

if (!existsSync(join(site, "node_modules/vitepress")))
  npm("--prefix", site, "ci", "--ignore-scripts", "--no-audit", "--no-fund");
rmSync(out, { recursive: true, force: true });
execFileSync(process.execPath, [join(site, "node_modules/vitepress/bin/vitepress.js"), "build", site], {
  cwd: site,
  stdio: "inherit",
  env: { ...process.env, SITE_BASE: base, SITE_OUT: out },
});
buildApi();
await copyStudio(join(out, "studio"), "../");
writeWorker(out, []);
console.log(`The site is in ${relative(process.cwd(), out)}, for the path ${base} of any file server.`);
