/**
 * Reads the pickle of a `torch.save` file as data. A pickle is a program for a stack machine that may call any Python function;
 * this interpreter supports only what a table of tensors needs, and calls nothing. Five names of PyTorch become plain records;
 * every other name is refused before anything is done with it.
 *
 * Source: the opcodes as documented in `pickletools` of Python's standard library, protocol 2, which `torch.save` writes.
 */
import { FileError } from "../errors.ts";
import { shorten } from "../experiment/json.ts";
import { isKind, kindOf, type Pickled, type PickledStorage, type PickledTensor } from "./pickled.ts";

/** Longest program, in bytes; a tensor takes about 150. */
export const LONGEST_PROGRAM = 2 ** 24;
/** Most values put on the stack; a tensor takes about 25. */
const MOST_VALUES = 1_000_000;
const MOST_DIMENSIONS = 8;

const ORDERED_TABLE = "collections.OrderedDict";
const TENSOR = "torch._utils._rebuild_tensor_v2";
const PARAMETER = "torch._utils._rebuild_parameter";
const SIZE = "torch.Size";
const OTHER_TENSORS = /^torch\._utils\._rebuild_[a-z0-9_]{1,60}$/;
const STORAGE = /^torch\.([A-Za-z0-9]+Storage)$/;

/** Opcodes besides GLOBAL that name a function or create an object of a class: what a program needs in order to run code. */
const CALLS: Readonly<Record<number, string>> = {
  105: "INST",
  111: "OBJ",
  80: "PERSID",
  129: "NEWOBJ",
  146: "NEWOBJ_EX",
  130: "EXT1",
  131: "EXT2",
  132: "EXT4",
  147: "STACK_GLOBAL",
};

/** How to report a damaged file, and a program that asks for what no table of tensors needs. */
interface Faults {
  readonly path: string;
  readonly fail: (problem: string) => never;
  readonly refuse: (what: string) => never;
}

type Machine = Faults & ReturnType<typeof programOf> & ReturnType<typeof stackOf>;

/** What each instruction does, besides STOP, which ends a program. */
const INSTRUCTIONS: ReadonlyMap<number, (machine: Machine) => void> = new Map([
  [0x80, readProtocol], // PROTO
  [0x28, ({ mark }) => mark()], // MARK
  [0x63, ({ push, line, path }) => push({ kind: "global", name: allowed(`${line()}.${line()}`, path) })], // GLOBAL
  [0x52, reduce], // REDUCE
  [0x51, ({ push, pop, fail }) => push(storageOf(pop(), fail))], // BINPERSID
  [0x62, build], // BUILD
  [0x71, ({ keep, byte }) => keep(byte())], // BINPUT
  [0x72, ({ keep, word }) => keep(word())], // LONG_BINPUT
  [0x68, ({ push, recall, byte }) => push(recall(byte()))], // BINGET
  [0x6a, ({ push, recall, word }) => push(recall(word()))], // LONG_BINGET
  [0x4e, ({ push }) => push(null)], // NONE
  [0x88, ({ push }) => push(true)], // NEWTRUE
  [0x89, ({ push }) => push(false)], // NEWFALSE
  [0x4b, ({ push, byte }) => push(byte())], // BININT1
  [0x4d, ({ push, view, take }) => push(view.getUint16(take(2), true))], // BININT2
  [0x4a, ({ push, view, take }) => push(view.getInt32(take(4), true))], // BININT
  [0x8a, ({ push, long }) => push(long())], // LONG1
  [0x47, ({ push, view, take }) => push(view.getFloat64(take(8), false))], // BINFLOAT
  [0x58, ({ push, text, word }) => push(text(word()))], // BINUNICODE
  [0x29, ({ push }) => push({ kind: "tuple", items: [] })], // EMPTY_TUPLE
  [0x85, ({ push, popMany }) => push({ kind: "tuple", items: popMany(1) })], // TUPLE1
  [0x86, ({ push, popMany }) => push({ kind: "tuple", items: popMany(2) })], // TUPLE2
  [0x87, ({ push, popMany }) => push({ kind: "tuple", items: popMany(3) })], // TUPLE3
  [0x74, ({ push, popToMark }) => push({ kind: "tuple", items: popToMark() })], // TUPLE
  [0x5d, ({ push }) => push({ kind: "list", items: [] })], // EMPTY_LIST
  [0x61, (machine) => append(machine, [machine.pop()])], // APPEND
  [0x65, (machine) => append(machine, machine.popToMark())], // APPENDS
  [0x7d, ({ push }) => push({ kind: "table", entries: new Map() })], // EMPTY_DICT
  [0x73, (machine) => setItems(machine, machine.popMany(2))], // SETITEM
  [0x75, (machine) => setItems(machine, machine.popToMark())], // SETITEMS
]);
const STOP = 0x2e;

/**
 * The value of a program; `path` names the file in error messages.
 * Throws  FileError when the program is damaged, too long, or asks for anything but tensors and plain values
 */
export function readPickle(bytes: Uint8Array, path: string): Pickled {
  const faults: Faults = {
    path,
    fail: (problem) => {
      throw new FileError(path, `${problem} The file is damaged or of another format; copy or save it again.`);
    },
    refuse: (what) => {
      throw new FileError(
        path,
        `The list of tensors asks for ${what}, which a table of tensors never needs. ${REFUSED}`,
      );
    },
  };
  if (bytes.length > LONGEST_PROGRAM) {
    faults.fail(`The list of tensors takes ${bytes.length} bytes; at most ${LONGEST_PROGRAM} are read.`);
  }
  const machine: Machine = { ...faults, ...programOf(bytes, faults.fail), ...stackOf(faults.fail) };
  for (;;) {
    const opcode = machine.byte();
    if (opcode === STOP) return machine.pop();
    const instruction = INSTRUCTIONS.get(opcode) ?? refuseOpcode(machine, opcode);
    instruction(machine);
  }
}

/** A program, and how its arguments are read. */
function programOf(bytes: Uint8Array, fail: Faults["fail"]) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;

  /** Where the next `count` bytes begin. */
  function take(count: number): number {
    if (count > bytes.length - at) fail("The list of tensors ends early.");
    at += count;
    return at - count;
  }

  const byte = (): number => bytes[take(1)];
  const word = (): number => view.getUint32(take(4), true);

  function text(length: number): string {
    const start = take(length);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(start, at));
    } catch {
      return fail("The list of tensors holds a text that is not UTF-8.");
    }
  }

  /** Up to the next line break, exclusive. */
  function line(): string {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) fail("The list of tensors ends within a name.");
    const found = text(end - at);
    at += 1;
    return found;
  }

  function long(): number {
    const length = byte();
    const start = take(length);
    let value = 0n;
    for (let i = 0; i < Math.min(length, 8); i++) value |= BigInt(bytes[start + i]) << BigInt(8 * i);
    const signed = Number(BigInt.asIntN(8 * Math.min(length, 8), value));
    if (length > 8 || !Number.isSafeInteger(signed)) fail("The list of tensors holds an integer beyond 2^53.");
    return signed;
  }

  return { view, take, byte, word, text, line, long };
}

/** The stack, its marks, and the values that were kept for later. */
function stackOf(fail: Faults["fail"]) {
  const stack: Pickled[] = [];
  const marks: number[] = [];
  const memo = new Map<number, Pickled>();
  let values = 0;

  function countValue(): void {
    if (++values > MOST_VALUES) fail(`The list of tensors makes more than ${MOST_VALUES} values, the limit.`);
  }

  function push(value: Pickled): void {
    countValue();
    stack.push(value);
  }

  function mark(): void {
    countValue();
    marks.push(stack.length);
  }

  function popMany(count: number): Pickled[] {
    if (stack.length - count < (marks.at(-1) ?? 0)) fail("The list of tensors uses a value that it did not make.");
    return stack.splice(stack.length - count);
  }

  function pop(): Pickled {
    return popMany(1)[0];
  }

  function top(): Pickled {
    const value = pop();
    stack.push(value);
    return value;
  }

  function popToMark(): Pickled[] {
    const from = marks.pop();
    return from === undefined ? fail("The list of tensors ends a group that it did not begin.") : stack.splice(from);
  }

  function keep(index: number): void {
    memo.set(index, top());
  }

  function recall(index: number): Pickled {
    const value = memo.get(index);
    return value === undefined ? fail(`The list of tensors recalls value ${index}, which it did not keep.`) : value;
  }

  return { stack, push, mark, pop, popMany, popToMark, top, keep, recall };
}

function readProtocol({ byte, path }: Machine): void {
  const protocol = byte();
  if (protocol !== 2) {
    throw new FileError(
      path,
      `The list of tensors is a pickle of protocol ${protocol}, but only 2 can be read. Save it again with torch.save, without pickle_protocol.`,
    );
  }
}

/** An OrderedDict of `state_dict` carries attributes, the versions of its modules, which say nothing about numbers. */
function build({ pop, top, refuse }: Machine): void {
  pop();
  if (kindOf(top()) !== "table") refuse("BUILD on something that is no table");
}

function append(machine: Machine, items: readonly Pickled[]): void {
  const list = machine.top();
  if (!isKind(list, "list")) machine.refuse("APPEND to something that is no list");
  for (const item of items) list.items.push(item);
}

function setItems(machine: Machine, items: readonly Pickled[]): void {
  const table = machine.top();
  if (!isKind(table, "table")) machine.refuse("SETITEM on something that is no table");
  if (items.length % 2 !== 0) machine.fail("The list of tensors has a key without a value.");
  for (let i = 0; i < items.length; i += 2) {
    const key = items[i];
    if (typeof key !== "string" && typeof key !== "number") machine.fail("A key is neither text nor number.");
    table.entries.set(key, items[i + 1]);
  }
}

/** The one place where Python would call a function. */
function reduce(machine: Machine): void {
  const values = machine.pop();
  const callee = machine.pop();
  if (!isKind(callee, "global") || !isKind(values, "tuple")) {
    machine.refuse("REDUCE of something that is no known name");
  }
  machine.push(construct(callee.name, values.items, machine));
}

function construct(name: string, items: readonly Pickled[], { fail, refuse }: Faults): Pickled {
  if (name === TENSOR) return tensorOf(items, fail);
  if (name === PARAMETER) {
    const [tensor] = items;
    return isKind(tensor, "tensor") ? tensor : fail("A parameter is no tensor.");
  }
  if (name === SIZE) return isKind(items[0], "tuple") ? items[0] : fail("A torch.Size is no tuple.");
  if (name === ORDERED_TABLE) {
    if (items.length > 0) fail("An OrderedDict is made of something.");
    return { kind: "table", entries: new Map() };
  }
  return refuse(`a call of ${name}, which is a type`);
}

function refuseOpcode({ line, stack, fail, refuse }: Machine, opcode: number): never {
  const call = CALLS[opcode];
  if (call === undefined) return fail(`The list of tensors has the unknown instruction 0x${opcode.toString(16)}.`);
  // The name follows INST, and is on the stack for STACK_GLOBAL.
  const onStack = stack.slice(-2);
  const name =
    opcode === 0x69 ? `${line()}.${line()}` : onStack.every((v) => typeof v === "string") ? onStack.join(".") : "";
  return refuse(name === "" ? `the instruction ${call}` : `${shorten(name)} by the instruction ${call}`);
}

const REFUSED =
  "Such files can run code when Python loads them, and are refused. If you trust this one, load it in Python and save only its tensors: " +
  'torch.save(model.state_dict(), "weights.pth").';

/** Throws FileError for any name that is not one of a tensor's. */
function allowed(name: string, path: string): string {
  if (name === ORDERED_TABLE || name === TENSOR || name === PARAMETER || name === SIZE || STORAGE.test(name))
    return name;
  if (OTHER_TENSORS.test(name)) {
    throw new FileError(
      path,
      `${name} makes an unsupported kind of tensor, such as sparse, quantised or 8-bit floats. Save dense tensors ` +
        "instead: tensor.to_dense(), tensor.dequantize() or tensor.float() in Python.",
    );
  }
  throw new FileError(path, `${shorten(name).slice(1, -1)} is not a tensor; this file asks to run code. ${REFUSED}`);
}

/** ("storage", torch.FloatStorage, key, device, count) */
function storageOf(value: Pickled, fail: Faults["fail"]): PickledStorage {
  const items = isKind(value, "tuple") ? value.items : [];
  const [word, type, key, , count] = items;
  const name = isKind(type, "global") ? STORAGE.exec(type.name)?.[1] : undefined;
  if (items.length !== 5 || word !== "storage" || name === undefined || typeof key !== "string" || !isSize(count)) {
    return fail("A storage of the list is not described by its type, key, device and size.");
  }
  return { kind: "storage", type: name, key, count };
}

/** (storage, offset, shape, strides, requires_grad, hooks), and optionally metadata. */
function tensorOf([storage, offset, shape, strides]: readonly Pickled[], fail: Faults["fail"]): PickledTensor {
  if (!isKind(storage, "storage") || !isSize(offset)) return fail("A tensor has no storage or offset.");
  const [sizes, steps] = [sizesOf(shape), sizesOf(strides)];
  if (!sizes || !steps || sizes.length !== steps.length) {
    return fail(`A tensor has no shape and strides of equal length, at most ${MOST_DIMENSIONS}.`);
  }
  return { kind: "tensor", storage, offset, shape: sizes, strides: steps };
}

function sizesOf(value: Pickled | undefined): number[] | undefined {
  if (!isKind(value, "tuple") || value.items.length > MOST_DIMENSIONS || !value.items.every(isSize)) return undefined;
  return value.items.slice() as number[];
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
