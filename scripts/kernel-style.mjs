// Formats and lints src/kernels/assembly by the rules of biome.json: `node scripts/kernel-style.mjs`; `--write` applies the fixes.
//
// The kernels are AssemblyScript. To Biome they read as TypeScript, except for the decorator `@inline` before a function, which it rejects.
// So Biome checks a copy in which a comment replaces the decorator and its `@ts-ignore` line.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = "src/kernels/assembly";
const copy = join(root, "dist/kernel-style");
const decorator = "// @ts-ignore: decorator\n@inline\n";
const comment = "// @inline\n";

/** Writes the repository's rules without those that do not apply to AssemblyScript. */
function writeConfiguration() {
  const configuration = JSON.parse(readFileSync(join(root, "biome.json"), "utf8"));
  configuration.files.includes = [`${folder}/*.ts`];
  const { suspicious } = configuration.linter.rules;
  // AssemblyScript compares numbers with ==; its === tests whether two objects are identical.
  suspicious.noDoubleEquals = "off";
  // Constants such as ln 2 and log2 e are written with the digits of a single-precision float, or split into two.
  suspicious.noApproximativeNumericConstant = "off";
  // Static fields are globals of an instance, so each thread has its own; an object would be in the memory that all threads share.
  configuration.linter.rules.complexity = { noStaticOnlyClass: "off" };
  // Import order sets the order of functions in the binary.
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
