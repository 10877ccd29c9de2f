/** Opening files, picked or dropped on the page. */
import { fileName, readFiles } from "./files.ts";
import { fitted, pictureOf } from "./pictures.ts";
import { experiment, fail, failure, open, openedReport, ownImage, prompt } from "./studio.ts";

/** Opens an experiment or a report that a command wrote; a checkpoint alone runs on the machine that is shown. */
export async function openFiles(files: readonly File[]): Promise<void> {
  try {
    const [picture] = files.filter(({ type }) => type.startsWith("image/"));
    if (picture) return await openPicture(picture);
    const { experiment: read, report, network } = await readFiles(files);
    const given = read ?? experiment.value;
    if (!given) return;
    openedReport.value = report;
    failure.value = null;
    const isNamed = network === null || fileName(given.checkpoints.network ?? "") === network;
    open(isNamed ? given : { ...given, checkpoints: { ...given.checkpoints, network } });
  } catch (error) {
    fail(error);
  }
}

/** A picture takes the place of a test image, where images are classified. */
async function openPicture(file: File): Promise<void> {
  const view = prompt.value?.image;
  if (!view) throw new Error("Pictures are for the tasks that classify images: choose Clothes or Digits first.");
  ownImage.value = fitted(await pictureOf(file), view);
}

/** Lets files be dropped anywhere on the page. */
export function takeDrops(): void {
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    openFiles([...(event.dataTransfer?.files ?? [])]);
  });
}
