/** Opens files that were picked or dropped on the page. What reads tables and pictures loads with the first of them. */
import { fileName, readFiles } from "./files.ts";
import { experiment, fail, failure, open, openedReport, ownImage, prompt } from "./studio.ts";

const isTable = ({ name }: File): boolean => /\.(csv|tsv)$/i.test(name);

/** Opens an experiment, a report or measured curves. A checkpoint alone runs on the machine shown. */
export async function openFiles(files: readonly File[]): Promise<void> {
  try {
    const [picture] = files.filter(({ type }) => type.startsWith("image/"));
    if (picture) return await openPicture(picture);
    const [tables, others] = [true, false].map((wanted) => files.filter((file) => isTable(file) === wanted));
    if (others.length === 0) return await (await import("./curves.ts")).openCurves(tables);
    if (tables.length > 0) throw new Error("Open tables of curves by themselves, after the experiment.");
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

/** In an image task, a picture replaces the test image. */
async function openPicture(file: File): Promise<void> {
  const view = prompt.value?.image;
  if (!view) throw new Error("Only image tasks take pictures. Choose Clothes or Digits first.");
  const { fitted, pictureOf } = await import("./pictures.ts");
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
