/** Files: what the server has beside the page, what a person opens, and what is kept of it on this machine. */
import {
  type Experiment,
  FileError,
  findImageData,
  type ImageData,
  parseExperiment,
  parseReport,
  type Report,
  readIdxImages,
  withValidation,
} from "xpikeformer";

const BUNDLED = "bundled:";

async function load(path: string): Promise<Response> {
  const response = await fetch(new URL(path, document.baseURI));
  if (response.ok) return response;
  const why = await response.text();
  throw new Error(why || `${path} did not load: the server answered ${response.status}.`);
}

/** An experiment of the folder `examples`. */
export async function loadExample(name: string): Promise<Experiment> {
  return parseExperiment(await (await load(`examples/${name}.json`)).text(), `${name}.json`);
}

/** Bytes of networks, by the bundled name, or by the file's name without its folders. */
const networks = new Map<string, Promise<ArrayBuffer>>();

/** A text of the server. */
export const loadText = async (path: string): Promise<string> => (await load(path)).text();

/** Loads a network from the server, to be found by a name. */
export function keepNetwork(name: string, path: string): void {
  networks.set(
    name,
    load(path).then((response) => response.arrayBuffer()),
  );
}

/** Keeps the bytes of a network, to be found by a name. */
export function keepBytes(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  networks.set(name, Promise.resolve(bytes.slice().buffer));
}

/** Bytes of the network that an experiment runs on its chips. */
export function loadNetwork({ checkpoints: { network = "" } }: Experiment): Promise<ArrayBuffer> {
  if (network !== "") return networkNamed(network);
  return Promise.reject(
    new FileError(
      "checkpoints.network",
      "The experiment names no trained network. Open its checkpoint, a file that ends in .safetensors, as well.",
    ),
  );
}

/** Bytes of a network by the name that an experiment has for it: bundled, or a file's. Each is loaded once. */
export function networkNamed(network: string): Promise<ArrayBuffer> {
  const name = network.startsWith(BUNDLED) ? network : fileName(network);
  const known = networks.get(name);
  if (known) return known;
  if (!network.startsWith(BUNDLED)) {
    return Promise.reject(
      new FileError(
        "checkpoints.network",
        `The network ${name} is not here. Open its checkpoint, a file that ends in .safetensors, as well. If it was trained ` +
          "in a page, train it again: the same experiment gives the same network.",
      ),
    );
  }
  const file = `networks/${encodeURIComponent(name.slice(BUNDLED.length))}.safetensors`;
  const loading = load(file).then((response) => response.arrayBuffer());
  networks.set(name, loading);
  loading.catch(() => networks.delete(name));
  return loading;
}

const sets = new Map<string, Promise<ImageData>>();

/** The images of a task that classifies them; null for one that makes up its prompts. Each set is loaded once. */
export function loadData({ task }: Experiment): Promise<ImageData | null> {
  if (task.kind === "symbol-detection") return Promise.resolve(null);
  const wanted = task.kind === "image-classification" && typeof task.data === "string" ? task.data : "";
  // Of Fashion-MNIST the page has the slice that comes with the package.
  const name = wanted === "fashion-mnist" ? "fashion-mnist-slice" : wanted;
  if (name !== "fashion-mnist-slice" && name !== "mnist") {
    return Promise.reject(
      new FileError(
        "task.data",
        "The studio has images of Fashion-MNIST and MNIST. Run other experiments with xpike run.",
      ),
    );
  }
  const known = sets.get(name);
  if (known) return known;
  const read = async (file: string) => new Uint8Array(await (await load(`data/${name}/${file}`)).arrayBuffer());
  const pair = async (part: "train" | "t10k") => {
    const [imagesPath, labelsPath] = [`${part}-images-idx3-ubyte`, `${part}-labels-idx1-ubyte`];
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

/** What a person opened. */
export interface OpenedFiles {
  readonly experiment: Experiment | null;
  readonly report: Report | null;
  /** Name of a checkpoint, whose bytes are kept. */
  readonly network: string | null;
}

/** Largest file that is read, bytes. */
const MOST = 200e6;

/**
 * Reads experiments, reports (JSON or the page) and checkpoints.
 * Throws  SpecError, ValueError or FileError, with the file's name, for what is none
 */
export async function readFiles(files: Iterable<File>): Promise<OpenedFiles> {
  let opened: OpenedFiles = { experiment: null, report: null, network: null };
  for (const file of files) {
    if (file.size > MOST) {
      throw new FileError(
        file.name,
        `The file has ${file.size} bytes, and the studio reads ${MOST} at most. Run it with xpike run.`,
      );
    }
    if (file.name.endsWith(".safetensors")) {
      networks.set(file.name, file.arrayBuffer());
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

/** The JSON inside of a report's page, which has no `<` of its own. The page is not shown. */
function reportInside(page: string, name: string): string {
  const data = /<script type="application\/json" id="report">([^<]+)<\/script>/.exec(page)?.[1];
  if (data) return data;
  throw new FileError(
    name,
    `${name} is a page, but no report of xpike. Open the report.html or report.json that xpike run wrote.`,
  );
}

/** Keeps a text, or bytes, as a file on this machine. */
export function saveFile(name: string, content: string | Uint8Array<ArrayBuffer>): void {
  const type = name.endsWith(".json") ? "application/json" : "application/octet-stream";
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** An experiment as the commands read it. */
export const experimentText = (experiment: Experiment): string => `${JSON.stringify(experiment, null, 2)}\n`;
