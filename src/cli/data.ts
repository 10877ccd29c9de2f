/** `xpike data`: which image sets are known and where they are, and their download. */
import { join } from "node:path";
import type { Command } from "commander";
import { findImageData, IMAGE_DATA, type PublishedFile, type PublishedImages } from "../data/catalogue.ts";
import { dataCache, findImageFolder } from "../node/data.ts";
import { downloadImageData } from "../node/download.ts";
import { type Progress, startProgress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

interface ListOptions {
  readonly data?: string;
  readonly json?: boolean;
}

interface FetchOptions {
  readonly data?: string;
  readonly from?: string;
}

/** Adds the commands below `xpike data`. */
export function withDataCommands(command: Command, terminal: Terminal): Command {
  command
    .command("list")
    .description("list the image sets, their licences, and where they are")
    .option("--data <folder>", "folder to look in, instead of the usual places")
    .option("--json", "print the list as JSON")
    .action((options: ListOptions) => listCommand(options, terminal));
  command
    .command("fetch")
    .description("download an image set; a download that broke off goes on")
    .argument("<name>", "name of the set, see `xpike data list`")
    .option("--data <folder>", "folder to put it in, under its name (default: a cache, see `xpike data list`)")
    .option("--from <address>", "folder of a mirror that holds the files")
    .action((name: string, options: FetchOptions) => fetchCommand(name, options, terminal));
  return command;
}

async function listCommand({ data, json }: ListOptions, terminal: Terminal): Promise<void> {
  const rows = [];
  for (const set of IMAGE_DATA) rows.push({ set, folder: await findImageFolder(set.name, data) });
  if (json) {
    const listed = rows.map(({ set, folder }) => ({
      ...{ name: set.name, title: set.title, images: set.images, licence: set.licence, reference: set.reference },
      ...{ addresses: set.addresses, bytes: sizeOf(set), folder: folder ?? null },
    }));
    terminal.out(`${JSON.stringify(listed, null, 2)}\n`);
    return;
  }
  for (const { set, folder } of rows) {
    const [train, test] = set.images;
    const size = set.files.length > 0 ? `, ${megabytes(sizeOf(set))} to download` : "";
    terminal.out(
      `${set.name}\n  ${set.title}\n  ${train} training and ${test} test images${size}\n  licence: ${set.licence}\n` +
        `  ${folder === undefined ? `not here; get it with: xpike data fetch ${set.name}` : `in ${folder}`}\n`,
    );
  }
  terminal.out(`\nDownloads go to ${dataCache()}, or to the folder of --data.\n`);
}

async function fetchCommand(name: string, { data, from }: FetchOptions, terminal: Terminal): Promise<void> {
  const set = findImageData(name);
  const folder = join(data ?? dataCache(), set.name);
  let shown: { readonly file: PublishedFile; readonly progress: Progress } | undefined;
  const onProgress = (file: PublishedFile, bytes: number): void => {
    if (shown?.file !== file) {
      shown?.progress.end();
      const total = kilobytes(file.bytes);
      shown = {
        file,
        progress: startProgress(terminal, { label: file.name, total, unit: "kB", from: kilobytes(bytes) }),
      };
    }
    shown.progress.update(kilobytes(bytes));
  };
  try {
    const done = await downloadImageData(set, folder, { onProgress, ...(from === undefined ? {} : { from }) });
    shown?.progress.end();
    for (const { path, isNew } of done) terminal.out(`${path}${isNew ? "" : " (was there already)"}\n`);
  } catch (error) {
    shown?.progress.end();
    throw error;
  }
  terminal.out(`Licence: ${set.licence}. Please cite ${set.reference}.\n`);
}

const sizeOf = (set: PublishedImages): number => set.files.reduce((sum, { bytes }) => sum + bytes, 0);
const kilobytes = (bytes: number): number => Math.ceil(bytes / 1000);
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
