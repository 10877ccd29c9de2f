/** `xpike data`: lists the known image sets and their locations, and downloads them. */
import { join } from "node:path";
import { findImageData, IMAGE_DATA, type PublishedFile, type PublishedImages } from "../data/catalogue.ts";
import { dataCache, findImageFolder } from "../node/data.ts";
import { downloadImageData } from "../node/download.ts";
import type { DataFetchOptions, DataListOptions } from "./arguments.ts";
import { asTyped } from "./invocation.ts";
import { type Progress, startProgress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

export async function listCommand({ data, json }: DataListOptions, terminal: Terminal): Promise<void> {
  const rows = [];
  for (const set of IMAGE_DATA) rows.push({ set, folder: await findImageFolder(set.name, data) });
  if (json) {
    const listed = rows.map(({ set, folder }) => ({
      name: set.name,
      title: set.title,
      images: set.images,
      licence: set.licence,
      reference: set.reference,
      addresses: set.addresses,
      bytes: sizeOf(set),
      folder: folder ?? null,
    }));
    terminal.out(`${JSON.stringify(listed, null, 2)}\n`);
    return;
  }
  for (const { set, folder } of rows) {
    const [train, test] = set.images;
    const size = set.files.length > 0 ? `, ${megabytes(sizeOf(set))} to download` : "";
    terminal.out(
      `${set.name}\n  ${set.title}\n  ${train} training and ${test} test images${size}\n  licence: ${set.licence}\n` +
        `  ${folder === undefined ? asTyped(`not downloaded; get it with: xpike data fetch ${set.name}`, terminal.program) : `in ${folder}`}\n`,
    );
  }
  terminal.out(`\nDownloads go to ${dataCache()}, or to the folder of --data.\n`);
}

/** Throws SpecError for an unknown name; FileError as `downloadImageData`. */
export async function fetchCommand(name: string, { data, from }: DataFetchOptions, terminal: Terminal): Promise<void> {
  const set = findImageData(name);
  const folder = join(data ?? dataCache(), set.name);
  let shown: { readonly file: PublishedFile; readonly progress: Progress } | undefined;
  const onProgress = (file: PublishedFile, bytes: number): void => {
    if (shown?.file !== file) {
      shown?.progress.end();
      const total = kilobytes(file.bytes);
      shown = {
        file,
        progress: startProgress(terminal, { label: file.name, total, unit: "kB" }),
      };
      shown.progress.restore(kilobytes(bytes));
    }
    shown.progress.update(kilobytes(bytes));
  };
  try {
    const done = await downloadImageData(set, folder, { onProgress, ...(from === undefined ? {} : { from }) });
    shown?.progress.end();
    for (const { path, isNew } of done) terminal.out(`${path}${isNew ? "" : " (already there)"}\n`);
  } catch (error) {
    shown?.progress.end();
    throw error;
  }
  terminal.out(`Licence: ${set.licence}. Please cite ${set.reference}.\n`);
}

const sizeOf = (set: PublishedImages): number => set.files.reduce((sum, { bytes }) => sum + bytes, 0);
const kilobytes = (bytes: number): number => Math.ceil(bytes / 1000);
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
