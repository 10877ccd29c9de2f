/** The steps of a pass, forward and backward, with what each reads, writes and hands on. `pass-plan.ts` describes the rules. */
import type { Place } from "./arena.ts";
import { countOf } from "./held.ts";
import type { Buffer } from "./liveness.ts";
import type { BackwardPlaces, PassNode, Places, Planned } from "./operations/kit.ts";
import { type Keeping, type Memory, type Own, rootOf, type Value } from "./pass-memory.ts";

/** A call of a node; or a gradient that is copied or added, with this many words per prompt. */
export type PassStep =
  | { readonly kind: "forward"; readonly node: number; readonly places: Places }
  | { readonly kind: "backward"; readonly node: number; readonly places: BackwardPlaces }
  | ({ readonly kind: "copy" } & Move)
  | ({ readonly kind: "add" } & Move);

interface Move {
  readonly from: Place;
  readonly to: Place;
  readonly perPrompt: number;
}

/** Made when all buffers have places. */
type Pending = () => PassStep;

interface Nodes {
  readonly nodes: readonly PassNode[];
  readonly planned: readonly Planned[];
}

/** The steps of all nodes in order, and the arrays that each keeps for the backward pass. */
export function forwardSteps(memory: Memory, { nodes, planned }: Nodes, { needed, isDropped }: Keeping) {
  const steps: Pending[] = [];
  const owned: Own[] = [];
  const shared = new Map<object, Buffer>();
  const lastRead = new Map(nodes.flatMap(({ reads }, at) => reads.map((name) => [name, at] as const)));
  const viewed = new Set(nodes.flatMap(({ reads }, at) => (planned[at].view ? [reads[0]] : [])));

  for (const [at, { reads, writes }] of nodes.entries()) {
    memory.next();
    const plan = planned[at];
    const { writes: shape, placed } = plan;
    const read = reads.map(memory.named);
    memory.touch(...read.map((value) => rootOf(value).forward));
    const stay = memory.reserveAll(plan.lasting, memory.lasting);
    for (const [name, { key, words }] of Object.entries(plan.shared ?? {})) {
      if (!shared.has(key)) shared.set(key, memory.lasting(words));
      stay[name] = shared.get(key)!;
    }
    for (const [name, place] of Object.entries(plan.placedArrays ?? {})) stay[name] = memory.fixed(place);
    owned[at] = { ...stay, ...memory.reserveAll(plan.kept) };
    const own = { ...owned[at], ...memory.reserveAll(plan.forwardWork) };
    const viewOf = plan.view ? read[0] : null;
    const map = shape.form === "columns" ? { scale: stay.scale.at, shift: stay.shift.at } : null;
    const isNumbers = shape.form !== "bits" && viewOf === null;
    const buffer = isNumbers ? (placed && "at" in placed ? memory.fixed(placed.at) : bufferFor(at)) : null;
    // What stays is there in the backward pass too.
    const backward = needed.has(writes) && !isDropped(at) ? buffer : null;
    memory.add(writes, { shape, node: at, viewOf, map, bits: bitsOf(plan, read[0]), forward: buffer, backward });
    steps.push(() => ({ kind: "forward", node: at, places: memory.placesOf(at, own, "forward") }));
  }
  return { steps, owned };

  function bitsOf({ writes, placed, view, gate }: Planned, read: Value): Value["bits"] {
    if (writes.form !== "bits") return null;
    if (view) return read.bits;
    if (placed && "bits" in placed) return { bits: placed.bits, gate: null };
    return { bits: memory.reserveBitsOf(writes), gate: gate ? memory.reserveBitsOf(writes) : null };
  }

  /** For numbers: the place of a value read that nobody needs any more, or one of its own; for good where it is the answer. */
  function bufferFor(at: number): Buffer {
    const { overwrites, writes: shape } = planned[at];
    const words = memory.countWords(shape);
    if (at === nodes.length - 1) return memory.lasting(words);
    if (overwrites === undefined) return memory.reserve(words);
    const name = nodes[at].reads[overwrites];
    const { forward, viewOf, node, shape: of } = memory.named(name);
    const isFree = node !== null && viewOf === null && lastRead.get(name) === at && !needed.has(name);
    const isReused = isFree && forward !== null && memory.countWords(of) === words && !viewed.has(name);
    return isReused ? forward : memory.reserve(words);
  }
}

/** A gradient, and how many values hold it. */
interface Gradient {
  readonly buffer: Buffer;
  holders: number;
}

/** The steps behind the loss, which writes the gradient of `from`. */
export function backwardSteps(memory: Memory, { nodes, planned }: Nodes, owned: readonly Own[], from: string) {
  const steps: Pending[] = [];
  const gradients = new Map<string, Gradient>();
  const wordsOf = (name: string) => memory.countWords(memory.named(name).shape);
  memory.next();
  const first = memory.reserve(wordsOf(from));
  gradients.set(from, { buffer: first, holders: 1 });
  for (const at of [...nodes.keys()].reverse()) if (gradients.has(nodes[at].writes)) backward(at);
  return { steps, first };

  function backward(at: number): void {
    const { reads, writes, targets } = nodes[at];
    const { needs = [], spoils = false, adds = false, backwardWork } = planned[at];
    const d = spoils ? ownGradient(writes) : gradients.get(writes)!;
    for (const i of needs) ensure(reads[i]);
    if (adds) for (const name of targets) if (name !== null && gradients.has(name)) ownGradient(name);
    memory.next();
    const later: (() => void)[] = [];
    const handed = targets.map((name, i) => (name === null ? null : handOn(name, i)));
    const own = { ...owned[at], ...memory.reserveAll(backwardWork) };
    memory.touch(d.buffer, ...Object.values(owned[at]), ...handed.map((target) => target?.buffer ?? null));
    memory.touch(...needs.map((i) => rootOf(memory.named(reads[i])).backward));
    steps.push(() => ({
      kind: "backward",
      node: at,
      places: {
        ...memory.placesOf(at, own, "backward"),
        d: d.buffer.at,
        targets: handed.map((target) => target && { at: target.buffer.at, adds: target.adds }),
      },
    }));
    d.holders--;
    gradients.delete(writes);
    for (const move of later) move();

    /** Where the gradient of a value read is written; null where it is that of the result. */
    function handOn(name: string, i: number): { buffer: Buffer; adds: boolean } | null {
      const there = gradients.get(name);
      const way = planned[at].gradients[i];
      if (way === "same" && there) {
        later.push(() => move("add", d.buffer, ownGradient(name).buffer, name));
        return null;
      }
      if (way === "same" || (way === "over" && !there && d.holders === 1)) {
        gradients.set(name, d);
        d.holders++;
        return way === "same" ? null : { buffer: d.buffer, adds: false };
      }
      if (there && adds) return { buffer: there.buffer, adds: true };
      const buffer = memory.reserve(wordsOf(name));
      if (there) later.push(() => move("add", buffer, ownGradient(name).buffer, name));
      else gradients.set(name, { buffer, holders: 1 });
      return { buffer, adds: false };
    }
  }

  function move(kind: "copy" | "add", from: Buffer, to: Buffer, name: string): void {
    memory.next();
    memory.touch(from, to);
    const perPrompt = countOf(memory.named(name).shape, 1);
    steps.push(() => ({ kind, from: from.at, to: to.at, perPrompt }));
  }

  /** The gradient of a value, at a place that no other value holds. */
  function ownGradient(name: string): Gradient {
    const gradient = gradients.get(name)!;
    if (gradient.holders === 1) return gradient;
    const own = { buffer: memory.reserve(wordsOf(name)), holders: 1 };
    move("copy", gradient.buffer, own.buffer, name);
    gradient.holders--;
    gradients.set(name, own);
    return own;
  }

  /** Makes numbers available, computed again if they were dropped. */
  function ensure(name: string): void {
    const value = rootOf(memory.named(name));
    if (value.shape.form === "bits") return;
    if (value.backward === null) {
      const at = value.node!;
      for (const read of nodes[at].reads) ensure(read);
      memory.next();
      value.backward = memory.reserve(memory.countWords(value.shape));
      const own = { ...owned[at], ...memory.reserveAll(planned[at].forwardWork) };
      memory.touch(...nodes[at].reads.map((read) => rootOf(memory.named(read)).backward), ...Object.values(own));
      steps.push(() => ({ kind: "forward", node: at, places: memory.placesOf(at, own, "backward") }));
    }
    memory.touch(value.backward);
  }
}
