/** NIR graphs in files. The package h5wasm reads and writes them, an optional peer that is loaded with the first one. */
import { decodeNir, encodeNir, type NirFile, type NirGraph } from "../import/nir/graph.ts";
import { writeFileAtomic } from "./files.ts";
import { loadOptional } from "./optional-packages.ts";

const loadHdf5 = () => loadOptional("A NIR graph", ["h5wasm"], () => import("h5wasm"));

/** As `decodeNir`. Throws PlatformError without the package. */
export const readNir = async (bytes: Uint8Array, path: string): Promise<NirFile> =>
  decodeNir(bytes, await loadHdf5(), path);

/** Throws PlatformError without the package; FileError when the file cannot be written. */
export async function writeNir(path: string, graph: NirGraph): Promise<void> {
  await writeFileAtomic(path, await encodeNir(graph, await loadHdf5()));
}
