/** Files: those of the server, those that a person opens, and those that a person saves. */
import {
  decodeCheckpoint,
  type Experiment,
  FileError,
  type ImageData,
  parseExperiment,
  type Report,
} from "xpikeformer";
import { findImageData, readIdxImages, withValidation } from "xpikeformer/internal";
import { parseReport } from "xpikeformer/report";

const BUNDLED = "bundled:";

/** How to get a file that a server lacks. */
const CLONE = "start the studio in a clone of the repository, with `npm run studio`.";

/** Type of an answer of the studio's own server that says what is wrong. */
const PROBLEM = "application/problem+json";

/**
 * The bytes of a file of the server. Any server of plain files will do: many answer with a page where they have no such file, some of them
 * with status 200, and no page is one of the files.
 * Throws  Error that says what is missing, with the way out
 */
async function load(path: string, wayOut = `Reload the page, or ${CLONE}`): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await fetch(new URL(path, document.baseURI));
  } catch (cause) {
    throw new Error(`${path} did not load: the server does not answer. Reload the page, or start the server again.`, {
      cause,
    });
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  const type = response.headers.get("Content-Type") ?? "";
  if (response.ok && !isPage(type, bytes)) return bytes;
  if (type.startsWith(PROBLEM)) throw new Error((JSON.parse(textOf(bytes)) as { detail: string }).detail);
  if (response.ok || response.status === 404) throw new Error(`${path} was not found on this server. ${wayOut}`);
  throw new Error(`${path} did not load: the server answered ${response.status}. ${wayOut}`);
}

const isPage = (type: string, bytes: Uint8Array): boolean =>
  type.startsWith("text/html") || /^\s*<(!doctype|html)\b/i.test(textOf(bytes.subarray(0, 256)));

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** An experiment of the folder `examples`. */
export async function loadExample(name: string): Promise<Experiment> {
  return parseExperiment(await loadText(`examples/${name}.json`), `${name}.json`);
}

/** How to give the page a network. */
const OPEN = "Open its checkpoint, a file that ends in .safetensors, as well.";

/** Bytes of networks, by the bundled name, or by the file's name without its folders. */
const networks = new Map<string, Promise<ArrayBuffer>>();

/** A text file of the server. */
export const loadText = async (path: string): Promise<string> => textOf(await load(path));

/** Loads a network from the server and keeps it under a name. */
export const keepNetwork = (name: string, path: string): void =>
  keep(
    name,
    load(path).then(({ buffer }) => buffer),
  );

/** Keeps a network that is on its way, until it fails. Those who wait for it learn why. */
function keep(name: string, loading: Promise<ArrayBuffer>): void {
  networks.set(name, loading);
  loading.catch(() => networks.delete(name));
}

/** Keeps the bytes of a network under a name. */
export function keepBytes(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  networks.set(name, Promise.resolve(bytes.slice().buffer));
}

/** Bytes of the network that an experiment puts on its chips. */
export function loadNetwork({ checkpoints: { network = "" } }: Experiment): Promise<ArrayBuffer> {
  if (network !== "") return networkNamed(network);
  return Promise.reject(new FileError("checkpoints.network", `The experiment names no trained network. ${OPEN}`));
}

/** Bytes of a network by its name in an experiment: a bundled name or a file's. Each is loaded once. */
export function networkNamed(network: string): Promise<ArrayBuffer> {
  const name = network.startsWith(BUNDLED) ? network : fileName(network);
  const known = networks.get(name);
  if (known) return known;
  if (!network.startsWith(BUNDLED)) {
    return Promise.reject(
      new FileError(
        "checkpoints.network",
        `The page does not have the network ${name}. ${OPEN} If it was trained in a page, train it again: the same ` +
          "experiment gives the same network.",
      ),
    );
  }
  const file = `networks/${encodeURIComponent(name.slice(BUNDLED.length))}.safetensors`;
  const loading = load(file, `${OPEN} Or ${CLONE}`).then(({ buffer }) => buffer);
  keep(name, loading);
  return loading;
}

const sets = new Map<string, Promise<ImageData>>();

/** The server has slices of the published sets: those that come with the package. */
const SLICES: Readonly<Record<string, "fashion-mnist-slice" | "mnist-slice">> = {
  "fashion-mnist": "fashion-mnist-slice",
  "fashion-mnist-slice": "fashion-mnist-slice",
  mnist: "mnist-slice",
  "mnist-slice": "mnist-slice",
};

/** The images of a classification task; null for a task that draws its prompts at random. Each set is loaded once. */
export function loadData({ task }: Experiment): Promise<ImageData | null> {
  if (task.kind === "symbol-detection") return Promise.resolve(null);
  const name = task.kind === "image-classification" && typeof task.data === "string" ? SLICES[task.data] : undefined;
  if (name === undefined) {
    return Promise.reject(
      new FileError(
        "task.data",
        "The studio shows links, and images of Fashion-MNIST and MNIST. Run this experiment with `xpike run`.",
      ),
    );
  }
  const known = sets.get(name);
  if (known) return known;
  // gzip or not: some servers unpack `.gz` on the way, and the reader takes either.
  const read = (file: string) => load(`data/${name}/${file}`);
  const pair = async (part: "train" | "t10k") => {
    const [imagesPath, labelsPath] = [`${part}-images-idx3-ubyte.gz`, `${part}-labels-idx1-ubyte.gz`];
    const [images, labels] = await Promise.all([read(imagesPath), read(labelsPath)]);
    return readIdxImages({ images, labels, imagesPath, labelsPath }, findImageData(name).classes);
  };
  const loading = Promise.all([pair("train"), pair("t10k")]).then(([train, test]) => withValidation(name, train, test));
  sets.set(name, loading);
  loading.catch(() => sets.delete(name));
  return loading;
}

/** A file's name without its folders. */
export const fileName = (path: string): string => path.split(/[/\\]/).at(-1)!;

/** The files that a person opened. */
export interface OpenedFiles {
  readonly experiment: Experiment | null;
  readonly report: Report | null;
  /** Name of a checkpoint, whose bytes are kept. */
  readonly network: string | null;
}

/** Largest file that is read, bytes. */
const MOST = 200e6;

/**
 * Reads experiments, reports (JSON or HTML) and checkpoints.
 * Throws  SpecError, ValueError or FileError, with the file's name, for anything else
 */
export async function readFiles(files: Iterable<File>): Promise<OpenedFiles> {
  let opened: OpenedFiles = { experiment: null, report: null, network: null };
  for (const file of files) {
    if (file.size > MOST) {
      throw new FileError(
        file.name,
        `The file has ${file.size} bytes; the studio reads at most ${MOST}. Use \`xpike run\` instead.`,
      );
    }
    if (file.name.endsWith(".safetensors")) {
      const bytes = new Uint8Array(await file.arrayBuffer());
      decodeCheckpoint(bytes, file.name);
      keepBytes(file.name, bytes);
      opened = { ...opened, network: file.name };
      continue;
    }
    const text = await file.text();
    const json = /^\s*</.test(text) ? reportInside(text, file.name) : text;
    if (/"format"\s*:\s*"xpikeformer-report"/.test(json)) {
      const report = parseReport(json, file.name);
      const { experiment = null } = report;
      opened = { ...opened, report, experiment: experiment && parseExperiment(JSON.stringify(experiment), file.name) };
    } else {
      opened = { ...opened, experiment: parseExperiment(json, file.name) };
    }
  }
  return opened;
}

/** The JSON inside a report's page; it contains no `<`. The page itself is not shown. */
function reportInside(page: string, name: string): string {
  const data = /<script type="application\/json" id="report">([^<]+)<\/script>/.exec(page)?.[1];
  if (data) return data;
  throw new FileError(
    name,
    `${name} is a page, but not a report of xpike. Open the report.html or report.json that \`xpike run\` wrote.`,
  );
}

const TYPES: Readonly<Record<string, string>> = { ".json": "application/json", ".svg": "image/svg+xml" };

/** Saves a text, or bytes, as a file on this machine. */
export function saveFile(name: string, content: string | Uint8Array<ArrayBuffer>): void {
  const type = TYPES[name.slice(name.lastIndexOf("."))] ?? "application/octet-stream";
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** An experiment as the commands read it. */
export const experimentText = (experiment: Experiment): string => `${JSON.stringify(experiment, null, 2)}\n`;
