// Builds the site into site/dist: pages by VitePress, with those of the API from TypeDoc, and the studio. `npm run site -- --base /folder/` builds it for
// a subfolder of a server; `--out` sets the output folder. The first run installs the site's own packages, which the package does not need.
import { execFileSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeApi } from "../site/api-pages.mjs";
import { iconFile, redirectPage } from "../site/guessed.mjs";
import { redirects } from "../site/outline.mjs";
import { copyStudio, writeWorker } from "./studio-folder.mjs";

const root = join(import.meta.dirname, "..");
const site = join(root, "site");

const { values } = parseArgs({
  options: { base: { type: "string", default: "/" }, out: { type: "string", default: join(site, "dist") } },
});
const out = resolve(values.out);
const base = `/${values.base}/`.replace(/\/+/g, "/");

const npm = (...args) => execFileSync("npm", args, { cwd: root, stdio: "inherit" });

if (!existsSync(join(site, "node_modules/vitepress")))
  npm("--prefix", site, "ci", "--ignore-scripts", "--no-audit", "--no-fund");
await writeApi();
rmSync(out, { recursive: true, force: true });
execFileSync(process.execPath, [join(site, "node_modules/vitepress/bin/vitepress.js"), "build", site], {
  cwd: site,
  stdio: "inherit",
  env: { ...process.env, SITE_BASE: base, SITE_OUT: out },
});
writeFileSync(join(out, "favicon.ico"), iconFile());
for (const [name, target] of redirects()) {
  // Where capitals do not tell files apart, README.html is readme.html already.
  if (!existsSync(join(out, name))) writeFileSync(join(out, name), redirectPage(target));
}
await copyStudio(join(out, "studio"), "../");
writeWorker(out, []);
console.log(`The site is in ${relative(process.cwd(), out)}, for the path ${base} of any file server.`);
