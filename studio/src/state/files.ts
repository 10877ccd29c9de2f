/** What the server has beside the page: experiments to start from, and the networks that they name. */
import { type Experiment, parseExperiment } from "xpikeformer";

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

const checkpoints = new Map<string, Promise<ArrayBuffer>>();

/** Bytes of the network that an experiment runs on its chips. Each is loaded once. */
export function loadNetwork({ checkpoints: { network } }: Experiment): Promise<ArrayBuffer> {
  if (!network?.startsWith(BUNDLED)) {
    return Promise.reject(
      new Error(`The page has the networks that are bundled; the experiment names ${network ?? "none"}.`),
    );
  }
  const name = network.slice(BUNDLED.length);
  const known = checkpoints.get(name);
  if (known) return known;
  const loading = load(`checkpoints/${encodeURIComponent(name)}.safetensors`).then((response) =>
    response.arrayBuffer(),
  );
  checkpoints.set(name, loading);
  return loading;
}
