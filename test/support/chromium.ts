/**
 * A browser for tests, on machines with or without one.
 *
 * In this order: the path in `$CHROMIUM`; a Chromium or Chrome on `PATH`; the server build from npm, `@sparticuz/chromium`, for
 * Linux on x64; elsewhere the Chrome that Playwright finds. The npm build is unpacked once per version, in about four seconds,
 * under `node_modules/.cache`. It needs nothing from the system: if NSS and expat, or fonts, are missing, its own are used. Its
 * list of arguments is deliberately not used: it turns off page isolation, without which pages get no shared memory.
 */
import { spawnSync } from "node:child_process";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import { type Browser, chromium } from "playwright-core";
import { extract } from "tar-fs";

/** Located through a package in it: programs of `bench/` run this from another folder. */
const modules = join(createRequire(import.meta.url).resolve("playwright-core/package.json"), "../..");
const bundle = join(modules, "@sparticuz/chromium");

/** With WebGPU, computed on the CPU. */
export const SOFTWARE_GPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"] as const;

/** A headless browser with these arguments, which the caller closes. */
export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  const installed = process.env.CHROMIUM ?? onPath();
  if (installed !== undefined) return launch(installed, args);
  if (process.platform === "linux" && process.arch === "x64") return launchBundled(args);
  return chromium.launch({ channel: "chrome", args: [...args] });
}

/** Containers rarely allow what Chromium's sandbox needs, and these pages are ours. */
function launch(
  executablePath: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Browser> {
  const env = { ...process.env, ...environment };
  return chromium.launch({ executablePath, chromiumSandbox: false, args: [...args], env });
}

function onPath(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path));
}

async function launchBundled(args: readonly string[]): Promise<Browser> {
  const folder = await unpackBundle();
  const executable = join(folder, "chromium");
  const environment: Record<string, string> = {};
  if (spawnSync(executable, ["--version"]).status !== 0) {
    environment.LD_LIBRARY_PATH = join(folder, "system/lib");
  }
  if (!existsSync("/etc/fonts/fonts.conf")) environment.FONTCONFIG_PATH = join(folder, "fonts");
  return launch(executable, args, environment);
}

/**
 * The folder of the unpacked build. Test files run in parallel: each unpacks into its own folder, and the first to finish renames
 * it, so a folder with the final name is always complete.
 */
async function unpackBundle(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(bundle, "package.json"), "utf8")) as { version: string };
  const cache = join(modules, ".cache");
  const folder = join(cache, `chromium-${version}`);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const unpacking = await mkdtemp(`${folder}-`);
  const unpack = (archive: string, target: NodeJS.WritableStream) =>
    pipeline(createReadStream(join(bundle, "bin", archive)), createBrotliDecompress(), target);
  await Promise.all([
    unpack("chromium.br", createWriteStream(join(unpacking, "chromium"), { mode: 0o700 })),
    unpack("swiftshader.tar.br", extract(unpacking)),
    unpack("fonts.tar.br", extract(join(unpacking, "fonts"))),
    unpack("al2023.tar.br", extract(join(unpacking, "system"))),
  ]);
  // The list that comes with the fonts names folders of another system.
  const fonts = join(folder, "fonts");
  await writeFile(
    join(unpacking, "fonts/fonts.conf"),
    `<?xml version="1.0"?>\n<fontconfig><dir>${fonts}</dir><cachedir>${join(fonts, "cache")}</cachedir></fontconfig>\n`,
  );
  await rename(unpacking, folder).catch(async (error: NodeJS.ErrnoException) => {
    await rm(unpacking, { recursive: true, force: true });
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  });
  return folder;
}
