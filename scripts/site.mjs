// Builds the site to site/dist: pages by VitePress, the API by TypeDoc, and the studio. `npm run site -- --base /folder/` builds it for a folder
// of a server, and `--out` says where it is written. The site's own packages are installed on first use; the package itself needs none of them.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dirname, "..");
const site = join(root, "site");

const { values } = parseArgs({
  options: { base: { type: "string", default: "/" }, out: { type: "string", default: join(site, "dist") } },
});
const out = resolve(values.out);
const base = `/${values.base}/`.replace(/\/+/g, "/");

const npm = (...args) => execFileSync("npm", args, { cwd: root, stdio: "inherit" });
const ageOf = (path) => statSync(path).mtimeMs;

/** Pages of TypeDoc, made anew where the package was built since. */
function buildApi() {
  const index = join(root, "docs/api/index.html");
  if (!existsSync(index) || ageOf(join(root, "dist/build.tsbuildinfo")) > ageOf(index)) npm("run", "docs", "--silent");
  cpSync(join(root, "docs/api"), join(out, "api"), { recursive: true });
  for (const name of readdirSync(join(out, "api"), { recursive: true })) {
    if (name.endsWith(".html")) change(join(out, "api", name), asApiPage);
  }
}

/** With the site's policy, and no icon that a browser would ask for by itself. */
const asApiPage = (html) =>
  withPolicy(html, TYPEDOC_STYLES).replace("</title>", '</title><link rel="icon" href="data:,"/>');

/** The studio, and beside it what its server would give: experiments, the networks that they put on chips, and images. */
async function copyStudio() {
  const { FASHION_SLICE, bundledNetwork } = await import(join(root, "dist/node.js"));
  const { STUDIO_POLICY } = await import(join(root, "dist/node/studio-server.js"));
  const studio = join(out, "studio");
  cpSync(join(root, "dist/studio"), studio, { recursive: true });
  change(join(studio, "index.html"), (html) => withStudioPolicy(html, STUDIO_POLICY));
  for (const folder of ["examples", "networks"]) mkdirSync(join(studio, folder));
  for (const name of readdirSync(join(root, "examples")).filter((name) => name.endsWith(".json"))) {
    const text = readFileSync(join(root, "examples", name), "utf8");
    writeFileSync(join(studio, "examples", name), text);
    const network = /"network":\s*"bundled:([^"]+)"/.exec(text)?.[1];
    if (network) cpSync(bundledNetwork(network), join(studio, "networks", `${network}.safetensors`));
  }
  cpSync(FASHION_SLICE, join(studio, "data/fashion-mnist-slice"), { recursive: true });
  // Nothing was opened by a command.
  writeFileSync(join(studio, "opened"), "{}");
}

const change = (path, how) => writeFileSync(path, how(readFileSync(path, "utf8")));

if (!existsSync(join(site, "node_modules/vitepress")))
  npm("--prefix", site, "ci", "--ignore-scripts", "--no-audit", "--no-fund");
const { TYPEDOC_STYLES, withPolicy, withStudioPolicy } = await import(join(site, "policy.mjs"));
rmSync(out, { recursive: true, force: true });
execFileSync(process.execPath, [join(site, "node_modules/vitepress/bin/vitepress.js"), "build", site], {
  cwd: site,
  stdio: "inherit",
  env: { ...process.env, SITE_BASE: base, SITE_OUT: out },
});
buildApi();
await copyStudio();
console.log(`The site is in ${relative(process.cwd(), out)}, for ${base} of any server of files.`);
