// Format and lint of src/kernels/assembly, by the rules of biome.json: `node scripts/kernel-style.mjs`, and with `--write` it repairs.
//
// The kernels are AssemblyScript. They read as TypeScript but for one thing, which Biome refuses: the decorator `@inline` before a
// function. So Biome is given a copy in which the decorator, with the comment that quiets editors about it, is a comment.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = "src/kernels/assembly";
const copy = join(root, "dist/kernel-style");
const decorator = "// @ts-ignore: decorator\n@inline\n";
const comment = "// @inline\n";

/** The rules of the rest of the tree, less those that do not hold in AssemblyScript. */
function writeConfiguration() {
  const configuration = JSON.parse(readFileSync(join(root, "biome.json"), "utf8"));
  configuration.files.includes = [`${folder}/*.ts`];
  const { suspicious } = configuration.linter.rules;
  // Numbers of one type are compared with ==, and === asks whether two objects are one.
  suspicious.noDoubleEquals = "off";
  // ln 2, log2 e and their like are written out in the digits of a single-precision float, or split into two.
  suspicious.noApproximativeNumericConstant = "off";
  // Static fields are globals of an instance, and so of a thread; an object would lie in the memory that all threads share.
  configuration.linter.rules.complexity = { noStaticOnlyClass: "off" };
  // The order of imports is the order of functions in the binary.
  configuration.assist = { actions: { source: { organizeImports: "off" } } };
  writeFileSync(join(copy, "biome.json"), JSON.stringify(configuration));
}

const write = process.argv.includes("--write");
const names = readdirSync(join(root, folder)).filter((name) => name.endsWith(".ts"));
rmSync(copy, { recursive: true, force: true });
mkdirSync(join(copy, folder), { recursive: true });
writeConfiguration();
let isLost = false;
for (const name of names) {
  const hidden = readFileSync(join(root, folder, name), "utf8").replaceAll(decorator, comment);
  writeFileSync(join(copy, folder, name), hidden);
  if (!/^\s*@/m.test(hidden)) continue;
  console.error(`${folder}/${name}: write a decorator as two lines of their own, ${JSON.stringify(decorator)}.`);
  isLost = true;
}
const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
const options = ["check", "--error-on-warnings", "--max-diagnostics=50", ...(write ? ["--write"] : []), "src"];
const { status } = spawnSync(process.execPath, [biome, ...options], { cwd: copy, stdio: "inherit" });
for (const name of write ? names : []) {
  const tidy = readFileSync(join(copy, folder, name), "utf8").replaceAll(comment, decorator);
  if (tidy !== readFileSync(join(root, folder, name), "utf8")) writeFileSync(join(root, folder, name), tidy);
}
rmSync(copy, { recursive: true });
process.exitCode = isLost ? 1 : (status ?? 1);
