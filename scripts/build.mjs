// Builds the package: AssemblyScript kernels to WebAssembly (inlined as a letter for each byte, which compresses better than digits), the
// types and programs of dist/, the library of charts into one file of it, then the studio in dist/studio.
// Skips steps whose outputs are newer than all inputs, so that `npm start` and `npm test` stay fast.
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { refuseOldNode } from "./node-version.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { engines, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
if (refuseOldNode(process.versions.node, engines.node)) process.exit();

const assembly = join(root, "src/kernels/assembly");
const generated = join(root, "src/kernels/binary.generated.ts");
const generatedFast = join(root, "src/kernels/fast-binary.generated.ts");
const stamp = join(root, "dist/build.tsbuildinfo");

const studio = join(root, "studio");
const page = join(root, "dist/studio/index.html");
/** The page holds the front that was measured there. */
const front = join(root, "experiments/front");

function newest(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function isFresh(output, inputs) {
  return existsSync(output) && inputs.every((path) => newest(path) <= statSync(output).mtimeMs);
}

function node(script, args) {
  execFileSync(process.execPath, [join(root, "node_modules", script), ...args], { cwd: root, stdio: "inherit" });
}

/**
 * Compiles the kernels with and without shared memory (threads). The binaries may differ in one byte only, the limits flags of the imported
 * memory, where bit 1 means "shared" (WebAssembly threads proposal). Writes one binary and the position of that byte; and, in a file that
 * only `--fast-math` loads, the same kernels with relaxed SIMD.
 */
async function buildKernels() {
  const common = ["src/kernels/assembly/index.ts", "-O3", "--noAssert", "--runtime", "stub", "--importMemory"];
  const features = ["--enable", "simd", "--enable", "bulk-memory", "--disable", "mutable-globals"];
  const memory = ["--initialMemory", "16", "--maximumMemory", "65536"];
  const compile = async (name, ...extra) => {
    const out = join(root, "dist", name);
    mkdirSync(dirname(out), { recursive: true });
    const compiler = join(root, "node_modules/assemblyscript/bin/asc.js");
    const args = [compiler, ...common, ...features, ...memory, ...extra, "-o", out];
    await promisify(execFile)(process.execPath, args, { cwd: root });
    const bytes = readFileSync(out);
    rmSync(out);
    return bytes;
  };
  const [binary, forThreads, fast] = await Promise.all([
    compile("unshared.wasm"),
    compile("shared.wasm", "--sharedMemory", "--enable", "threads"),
    compile("fast.wasm", "--enable", "relaxed-simd"),
  ]);
  const flags = binary.findIndex((byte, i) => byte !== forThreads[i]);
  const patched = Buffer.from(binary);
  patched[flags] |= 2;
  if (!patched.equals(forThreads)) throw new Error("The kernels with shared memory differ in more than its flag.");
  // The sections before the memory's limits are the same, so the flags have the same place.
  if (!fast.subarray(0, flags + 1).equals(binary.subarray(0, flags + 1)))
    throw new Error("The fast kernels have their memory elsewhere.");
  const header = "// Written by scripts/build.mjs from src/kernels/assembly. Do not edit.\n";
  writeFileSync(
    generated,
    `${header}export const BINARY: string = "${asLetters(binary)}";\n` +
      `export const LIMITS_FLAGS: number = ${flags};\n${kernelInterface()}`,
  );
  writeFileSync(generatedFast, `${header}export const FAST_BINARY: string = "${asLetters(fast)}";\n`);
}

/**
 * The letter of a byte, printable and never a quote or backslash: from # (35) on, without backslash (92) and the codes 127 to 160. The
 * inverse is in src/kernels/memory.ts.
 */
const letterOf = (byte) => String.fromCharCode(byte + (byte < 57 ? 35 : byte < 91 ? 36 : 70));
const asLetters = (bytes) => Array.from(bytes, letterOf).join("");

/** The exports as a TypeScript interface, from the kernel sources. Every parameter is a 32-bit integer or float. */
function kernelInterface() {
  // Inlined functions serve other kernels and are not exported.
  const exported = /(?<!@inline\n)^export function (\w+)\(([^)]*)\): (\w+)/gm;
  const lines = [];
  for (const file of readdirSync(assembly).filter((name) => name.endsWith(".ts"))) {
    const source = readFileSync(join(assembly, file), "utf8");
    for (const [, name, parameters, type] of source.matchAll(exported)) {
      const list = [...parameters.matchAll(/(\w+):/g)].map(([, parameter]) => `${parameter}: number`);
      lines.push(`  ${name}(${list.join(", ")}): ${type === "void" ? "void" : "number"};`);
    }
  }
  return `export interface KernelExports {\n${lines.join("\n")}\n}\n`;
}

/** Removes headers of files from the declarations, because size is limited. */
function withoutHeaders(folder) {
  for (const name of namesIn(folder, /\.d\.ts$/)) {
    const path = join(folder, name);
    writeFileSync(path, readFileSync(path, "utf8").replace(/^\/\*\*(?:(?!\*\/).)*\*\/\n(?=import )/s, ""));
  }
}

/** Entry points whose names a person looks up. `internal` promises nothing. */
const PUBLIC = ["index", "cost", "rtl", "report", "node"];

/** Removes comments of declarations that only other declarations use, because size is limited. */
async function withoutPrivateComments(folder) {
  const { default: ts } = await import("typescript");
  const text = (name) => readFileSync(join(folder, name), "utf8");
  const known = new Set(PUBLIC.flatMap((name) => text(`${name}.d.ts`).match(/[\w$]+/g)));
  for (const name of namesIn(folder, /\.d\.ts$/)) {
    const { statements, text: whole } = ts.createSourceFile(name, text(name), ts.ScriptTarget.Latest);
    const namesOf = ({ name: own, declarationList }) =>
      (declarationList?.declarations ?? [{ name: own }]).flatMap(({ name }) => name?.text ?? []);
    const isPublic = (statement) => namesOf(statement).length === 0 || namesOf(statement).some((own) => known.has(own));
    const shortened = statements.map((statement) => {
      const own = whole.slice(statement.pos, statement.end);
      return isPublic(statement) ? own : own.replace(/\n? *\/\*\*.*?\*\//gs, "");
    });
    writeFileSync(join(folder, name), `${shortened.join("")}\n`);
  }
}

/** Removes declarations that no entry point of the package leads to: nobody can import them, and size is limited. */
async function withoutPrivateDeclarations(folder) {
  const { default: ts } = await import("typescript");
  const reached = new Set();
  const waiting = Object.values(exports).flatMap(({ types }) => (types === undefined ? [] : [join(root, types)]));
  while (waiting.length > 0) {
    const path = waiting.pop();
    if (reached.has(path)) continue;
    reached.add(path);
    for (const { fileName } of ts.preProcessFile(readFileSync(path, "utf8")).importedFiles) {
      if (fileName.startsWith(".")) waiting.push(join(dirname(path), fileName.replace(/\.(js|ts)$/, ".d.ts")));
    }
  }
  for (const name of namesIn(folder, /\.d\.ts$/)) if (!reached.has(join(folder, name))) rmSync(join(folder, name));
}

/** Removes what an earlier build wrote for sources that are no longer there, or under another name. */
function withoutOrphans(folder, programs) {
  const isSource = (name) => existsSync(join(root, "src", name.replace(/\.d\.ts$/, ".ts")));
  for (const name of namesIn(folder, /\.js$/)) if (!programs.includes(name)) rmSync(join(folder, name));
  for (const name of namesIn(folder, /\.d\.ts$/)) if (!isSource(name)) rmSync(join(folder, name));
}

const namesIn = (folder, ending) =>
  readdirSync(folder, { recursive: true })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => ending.test(name) && !/^(studio|kernel-style)\//.test(name));

const script = fileURLToPath(import.meta.url);
if (![generated, generatedFast].every((path) => isFresh(path, [assembly, script]))) await buildKernels();
const bundler = join(root, "scripts/bundle.mjs");
const inputs = ["src", "tsconfig.json", "package.json", "package-lock.json"].map((name) => join(root, name));
if (!isFresh(stamp, [...inputs, script, bundler])) {
  node("typescript/bin/tsc", ["-p", "tsconfig.json", "--emitDeclarationOnly"]);
  // Loaded here, because the bundler and the compiler take longer to load than a fresh build takes to check.
  const { bundle, compact } = await import("./bundle.mjs");
  const dist = join(root, "dist");
  const programs = await bundle(dist);
  await compact(dist, programs);
  withoutOrphans(dist, programs);
  await withoutPrivateDeclarations(dist);
  withoutHeaders(dist);
  await withoutPrivateComments(dist);
  writeFileSync(stamp, "");
}
if (!isFresh(page, [stamp, studio, front, script])) {
  node("vite/bin/vite.js", ["build", studio, "--logLevel", "warn"]);
}
