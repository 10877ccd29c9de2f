/**
 * A NIR graph (neuromorphic intermediate representation): nodes with arrays, and edges that pass on signals. An edge's signals add up where
 * several meet.
 *
 * Source: Pedersen et al., "Neuromorphic intermediate representation", Nature Communications 15, 8122 (2024), and version 1.0.8 of NIR's
 * program, which defines the nodes and their fields. A file holds `version` and the graph as `node`; a graph holds `type`, `nodes`, `edges`
 * (pairs of names) and perhaps `metadata`. Every field is kept with its type, so that a graph is written back unchanged.
 */
import { didYouMean, FileError } from "../../errors.ts";
import { shorten } from "../../experiment/json.ts";
import { type Hdf5, readHdf5, writeHdf5 } from "./hdf5.ts";
import { isGroup, type NirData, type NirGroup, text, textOf } from "./tree.ts";

/** Fields of every node; with `?`, those that a file may lack. */
export const NIR_FIELDS = {
  Affine: ["weight", "bias"],
  AvgPool2d: ["kernel_size", "stride", "padding"],
  Conv1d: ["input_shape?", "weight", "stride", "padding", "dilation", "groups", "bias"],
  Conv2d: ["input_shape?", "weight", "stride", "padding", "dilation", "groups", "bias"],
  CubaLI: ["tau_syn", "tau_mem", "r", "v_leak", "w_in?"],
  CubaLIF: ["tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset?", "w_in?"],
  Delay: ["delay"],
  Flatten: ["start_dim", "end_dim", "input_type?"],
  I: ["r"],
  IF: ["r", "v_threshold", "v_reset?"],
  Input: ["shape"],
  LI: ["tau", "r", "v_leak"],
  LIF: ["tau", "r", "v_leak", "v_threshold", "v_reset?"],
  Linear: ["weight"],
  Output: ["shape"],
  Scale: ["scale"],
  SumPool2d: ["kernel_size", "stride", "padding"],
  Threshold: ["threshold"],
} as const satisfies Record<string, readonly string[]>;

export type NirPrimitive = keyof typeof NIR_FIELDS;

export interface NirLeaf {
  readonly type: NirPrimitive;
  readonly fields: ReadonlyMap<string, NirData>;
  readonly metadata?: NirGroup;
}

/** A graph, which may also be a node of another one. */
export interface NirGraph {
  readonly type: "NIRGraph";
  readonly nodes: ReadonlyMap<string, NirNode>;
  /** Pairs of node names, from and to. */
  readonly edges: readonly (readonly [string, string])[];
  readonly metadata?: NirGroup;
}

export type NirNode = NirLeaf | NirGraph;

/** A file's graph, and the version of the program that wrote it. */
export interface NirFile {
  readonly version: string;
  readonly graph: NirGraph;
}

/** The version of NIR whose nodes are written. */
const VERSION = "1.0.8";

/**
 * The graph of a NIR file. `hdf5` is the module h5wasm; `path` names the file in error messages.
 * Throws  FileError when the file is damaged or too large, or when a node is unknown or lacks a field
 */
export async function decodeNir(bytes: Uint8Array, hdf5: Hdf5, path = "graph.nir"): Promise<NirFile> {
  const root = await readHdf5(bytes, hdf5, path);
  const graph = readNode(root.get("node"), "node", path);
  if (graph.type !== "NIRGraph") {
    throw new FileError(
      path,
      `The file holds a single ${graph.type}, not a graph. Put it between an Input and an Output.`,
    );
  }
  return { version: textOf(root.get("version")) ?? "", graph };
}

/** The bytes of a NIR file. */
export function encodeNir(graph: NirGraph, hdf5: Hdf5, version = VERSION): Promise<Uint8Array> {
  return writeHdf5(
    new Map<string, NirData | NirGroup>([
      ["version", text(version)],
      ["node", groupOf(graph)],
    ]),
    hdf5,
  );
}

function readNode(entry: NirData | NirGroup | undefined, at: string, path: string): NirNode {
  const fail = (problem: string): never => {
    throw new FileError(path, problem);
  };
  if (entry === undefined || !isGroup(entry))
    return fail(`The file has no group ${shorten(at)}, so it is no NIR graph.`);
  const metadata = entry.get("metadata");
  if (metadata !== undefined && !isGroup(metadata)) return fail(`${shorten(at)}/metadata is not a group.`);
  const named = metadata && { metadata };
  const type = textOf(entry.get("type"));
  if (type === "NIRGraph") {
    return { type, nodes: readNodes(entry.get("nodes"), at, path), edges: readEdges(entry, at, fail), ...named };
  }
  if (type === null || !Object.hasOwn(NIR_FIELDS, type)) {
    const known = Object.keys(NIR_FIELDS);
    const given = type === null ? "has no type" : `has the unknown type ${shorten(type)}`;
    return fail(
      `The node ${shorten(at)} ${given}. NIR ${VERSION} knows ${known.join(", ")}.${didYouMean(type ?? "", known)}`,
    );
  }
  const wanted: readonly string[] = NIR_FIELDS[type as NirPrimitive];
  const fields = new Map<string, NirData>();
  for (const [name, field] of entry) {
    if (name === "type" || name === "metadata") continue;
    if (isGroup(field) || !wanted.some((field) => field.replace("?", "") === name)) {
      return fail(`The node ${shorten(at)} is a ${type}, which has no field ${shorten(name)}.`);
    }
    fields.set(name, field);
  }
  const missing = wanted.filter((field) => !field.endsWith("?") && !fields.has(field));
  if (missing.length > 0) return fail(`The node ${shorten(at)} is a ${type}, but lacks ${missing.join(", ")}.`);
  return { type: type as NirPrimitive, fields, ...named };
}

function readNodes(entry: NirData | NirGroup | undefined, at: string, path: string): Map<string, NirNode> {
  if (entry === undefined || !isGroup(entry)) throw new FileError(path, `The graph ${shorten(at)} has no nodes.`);
  return new Map([...entry].map(([name, node]) => [name, readNode(node, `${at}/${name}`, path)]));
}

function readEdges(graph: NirGroup, at: string, fail: (problem: string) => never): (readonly [string, string])[] {
  const edges = graph.get("edges");
  const nodes = graph.get("nodes");
  if (edges === undefined || isGroup(edges)) return fail(`The graph ${shorten(at)} has no edges.`);
  const { shape, values } = edges;
  // NIR writes an empty list without a type.
  if (values.length === 0) return [];
  if (shape.length !== 2 || shape[1] !== 2 || ArrayBuffer.isView(values)) {
    return fail(`The edges of ${shorten(at)} are not pairs of names.`);
  }
  return Array.from({ length: shape[0] }, (_, i) => {
    const edge = [values[2 * i], values[2 * i + 1]] as const;
    const lost = edge.find((name) => !(nodes && isGroup(nodes) && nodes.has(name)));
    return lost === undefined
      ? edge
      : fail(`An edge of ${shorten(at)} leads to ${shorten(lost)}, which is not a node.`);
  });
}

function groupOf(node: NirNode): NirGroup {
  const entries = new Map<string, NirData | NirGroup>([["type", text(node.type)]]);
  if (node.type === "NIRGraph") {
    const { nodes, edges } = node;
    entries.set("nodes", new Map([...nodes].map(([name, inner]) => [name, groupOf(inner)])));
    entries.set(
      "edges",
      edges.length === 0
        ? { shape: [0], values: new Float64Array(0) }
        : { shape: [edges.length, 2], values: edges.flat() },
    );
  } else for (const [name, field] of node.fields) entries.set(name, field);
  if (node.metadata && node.metadata.size > 0) entries.set("metadata", node.metadata);
  return entries;
}
