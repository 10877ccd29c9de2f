// Builds the package: AssemblyScript kernels to WebAssembly (inlined as base64), TypeScript to dist/, the library of charts into one file of
// it, then the studio to dist/studio.
// Skips steps whose outputs are newer than all inputs, so that `npm start` and `npm test` stay fast.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const assembly = join(root, "src/kernels/assembly");
const generated = join(root, "src/kernels/binary.generated.ts");
const stamp = join(root, "dist/build.tsbuildinfo");

const studio = join(root, "studio");
const page = join(root, "dist/studio/index.html");

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
 * memory, where bit 1 means "shared" (WebAssembly threads proposal). Writes one binary and the position of that byte.
 */
function buildKernels() {
  const common = ["src/kernels/assembly/index.ts", "-O3", "--noAssert", "--runtime", "stub", "--importMemory"];
  const features = ["--enable", "simd", "--enable", "bulk-memory", "--disable", "mutable-globals"];
  const memory = ["--initialMemory", "16", "--maximumMemory", "65536"];
  const shared = ["--sharedMemory", "--enable", "threads"];
  const compile = (extra, name) => {
    const out = join(root, "dist", name);
    mkdirSync(dirname(out), { recursive: true });
    node("assemblyscript/bin/asc.js", [...common, ...features, ...memory, ...extra, "-o", out]);
    const bytes = readFileSync(out);
    rmSync(out);
    return bytes;
  };
  const [binary, forThreads] = [compile([], "unshared.wasm"), compile(shared, "shared.wasm")];
  const flags = binary.findIndex((byte, i) => byte !== forThreads[i]);
  const patched = Buffer.from(binary);
  patched[flags] |= 2;
  if (!patched.equals(forThreads)) throw new Error("The kernels with shared memory differ in more than its flag.");
  writeFileSync(
    generated,
    `// Written by scripts/build.mjs from src/kernels/assembly. Do not edit.\n` +
      `export const BINARY: string = "${binary.toString("base64")}";\n` +
      `export const LIMITS_FLAGS: number = ${flags};\n${kernelInterface()}`,
  );
}

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

/** Removes comments from programs, whose docstrings the declarations hold, and headers of files from declarations: size is limited. */
async function withoutComments(folder) {
  const { default: ts } = await import("typescript");
  const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!/\.(js|d\.ts)$/.test(name) || name.startsWith("studio")) continue;
    const path = join(folder, name);
    const text = readFileSync(path, "utf8");
    const isProgram = name.endsWith(".js");
    const header = /^\/\*\*(?:(?!\*\/).)*\*\/\n(?=import )/s;
    const program = () => printer.printFile(ts.createSourceFile(path, text, ts.ScriptTarget.ESNext));
    writeFileSync(path, isProgram ? program() : text.replace(header, ""));
  }
}

/** Removes declarations that no entry point of the package leads to: nobody can import them, and size is limited. */
async function withoutPrivateDeclarations() {
  const { default: ts } = await import("typescript");
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
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
  for (const name of readdirSync(join(root, "dist"), { recursive: true })) {
    const path = join(root, "dist", name);
    if (name.endsWith(".d.ts") && !name.startsWith("studio") && !reached.has(path)) rmSync(path);
  }
}

/** Puts a file of dist/ and the packages that it exports from into one file, with their licences next to it. */
async function bundle(file) {
  const { build } = await import("vite");
  const output = join(root, "dist", file);
  const folder = dirname(output);
  const name = basename(output, ".js");
  await build({
    configFile: false,
    root,
    logLevel: "warn",
    publicDir: false,
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: "es2023",
      license: { fileName: `${name}.licenses.md` },
      lib: { entry: output, formats: ["es"], fileName: () => `${name}.js` },
      rolldownOptions: { output: { minify: true, comments: false } },
    },
  });
}

/** Removes what an earlier build wrote for sources that are no longer there. */
function withoutOrphans(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    if (name.startsWith("studio") || !/\.(js|d\.ts)$/.test(name)) continue;
    if (!existsSync(join(root, "src", name.replace(/\.(js|d\.ts)$/, ".ts")))) rmSync(join(folder, name));
  }
}

const script = fileURLToPath(import.meta.url);
if (!isFresh(generated, [assembly, script])) buildKernels();
const inputs = ["src", "tsconfig.json", "package.json", "package-lock.json"].map((name) => join(root, name));
if (!isFresh(stamp, [...inputs, script])) {
  node("typescript/bin/tsc", ["-p", "tsconfig.json"]);
  withoutOrphans(join(root, "dist"));
  await withoutComments(join(root, "dist"));
  await withoutPrivateDeclarations();
  await bundle("report/draw/plot.js");
  writeFileSync(stamp, "");
}
if (!isFresh(page, [stamp, studio, script])) node("vite/bin/vite.js", ["build", studio, "--logLevel", "warn"]);
