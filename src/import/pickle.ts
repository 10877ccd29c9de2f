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

/**
 * The value of a program; `path` names the file in error messages.
 * Throws  FileError when the program is damaged, too long, or asks for anything but tensors and plain values
 */
export function readPickle(bytes: Uint8Array, path: string): Pickled {
  const fail: (problem: string) => never = (problem) => {
    throw new FileError(path, `${problem} The file is damaged or of another format; copy or save it again.`);
  };
  if (bytes.length > LONGEST_PROGRAM) {
    fail(`The list of tensors takes ${bytes.length} bytes; at most ${LONGEST_PROGRAM} are read.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: Pickled[] = [];
  const marks: number[] = [];
  const memo = new Map<number, Pickled>();
  let at = 0;
  let values = 0;

  for (;;) {
    const opcode = byte();
    switch (opcode) {
      case 0x80: // PROTO
        readProtocol();
        break;
      case 0x2e: // STOP
        return pop();
      case 0x28: // MARK
        countValue();
        marks.push(stack.length);
        break;
      case 0x63: // GLOBAL
        push({ kind: "global", name: allowed(`${line()}.${line()}`, path) });
        break;
      case 0x52: // REDUCE
        reduce();
        break;
      case 0x51: // BINPERSID
        push(storageOf(pop(), fail));
        break;
      case 0x62: // BUILD
        // An OrderedDict of `state_dict` carries attributes, the versions of its modules, which say nothing about numbers.
        pop();
        if (kindOf(top()) !== "table") refuse("BUILD on something that is no table");
        break;
      case 0x71: // BINPUT
        memo.set(byte(), top());
        break;
      case 0x72: // LONG_BINPUT
        memo.set(word(), top());
        break;
      case 0x68: // BINGET
        push(recall(byte()));
        break;
      case 0x6a: // LONG_BINGET
        push(recall(word()));
        break;
      case 0x4e: // NONE
        push(null);
        break;
      case 0x88: // NEWTRUE
        push(true);
        break;
      case 0x89: // NEWFALSE
        push(false);
        break;
      case 0x4b: // BININT1
        push(byte());
        break;
      case 0x4d: // BININT2
        push(view.getUint16(take(2), true));
        break;
      case 0x4a: // BININT
        push(view.getInt32(take(4), true));
        break;
      case 0x8a: // LONG1
        push(long());
        break;
      case 0x47: // BINFLOAT
        push(view.getFloat64(take(8), false));
        break;
      case 0x58: // BINUNICODE
        push(text(word()));
        break;
      case 0x29: // EMPTY_TUPLE
        push({ kind: "tuple", items: [] });
        break;
      case 0x85: // TUPLE1, TUPLE2, TUPLE3
      case 0x86:
      case 0x87:
        push({ kind: "tuple", items: popMany(opcode - 0x84) });
        break;
      case 0x74: // TUPLE
        push({ kind: "tuple", items: popToMark() });
        break;
      case 0x5d: // EMPTY_LIST
        push({ kind: "list", items: [] });
        break;
      case 0x61: // APPEND
        append([pop()]);
        break;
      case 0x65: // APPENDS
        append(popToMark());
        break;
      case 0x7d: // EMPTY_DICT
        push({ kind: "table", entries: new Map() });
        break;
      case 0x73: // SETITEM
        setItems(popMany(2));
        break;
      case 0x75: // SETITEMS
        setItems(popToMark());
        break;
      default:
        refuseOpcode(opcode);
    }
  }

  function take(count: number): number {
    if (count > bytes.length - at) fail("The list of tensors ends early.");
    at += count;
    return at - count;
  }

  function byte(): number {
    return bytes[take(1)];
  }

  function word(): number {
    return view.getUint32(take(4), true);
  }

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

  function readProtocol(): void {
    const protocol = byte();
    if (protocol !== 2) {
      throw new FileError(
        path,
        `The list of tensors is a pickle of protocol ${protocol}, but only 2 can be read. Save it again with torch.save, without pickle_protocol.`,
      );
    }
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

  function countValue(): void {
    if (++values > MOST_VALUES) fail(`The list of tensors makes more than ${MOST_VALUES} values, the limit.`);
  }

  function push(value: Pickled): void {
    countValue();
    stack.push(value);
  }

  function top(): Pickled {
    if (stack.length <= (marks.at(-1) ?? 0)) fail("The list of tensors uses a value that it did not make.");
    return stack[stack.length - 1];
  }

  function pop(): Pickled {
    top();
    return stack.pop()!;
  }

  function popMany(count: number): Pickled[] {
    if (stack.length - count < (marks.at(-1) ?? 0)) fail("The list of tensors uses a value that it did not make.");
    return stack.splice(stack.length - count);
  }

  function popToMark(): Pickled[] {
    const mark = marks.pop();
    return mark === undefined ? fail("The list of tensors ends a group that it did not begin.") : stack.splice(mark);
  }

  function recall(index: number): Pickled {
    const value = memo.get(index);
    return value === undefined ? fail(`The list of tensors recalls value ${index}, which it did not keep.`) : value;
  }

  function append(items: Pickled[]): void {
    const list = top();
    if (!isKind(list, "list")) refuse("APPEND to something that is no list");
    for (const item of items) list.items.push(item);
  }

  function setItems(items: Pickled[]): void {
    const table = top();
    if (!isKind(table, "table")) refuse("SETITEM on something that is no table");
    if (items.length % 2 !== 0) fail("The list of tensors has a key without a value.");
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      if (typeof key !== "string" && typeof key !== "number") fail("A key is neither text nor number.");
      table.entries.set(key, items[i + 1]);
    }
  }

  /** The one place where Python would call a function. */
  function reduce(): void {
    const values = pop();
    const callee = pop();
    if (!isKind(callee, "global") || !isKind(values, "tuple")) {
      refuse("REDUCE of something that is no known name");
    }
    push(construct(callee.name, values.items));
  }

  function construct(name: string, items: readonly Pickled[]): Pickled {
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

  function refuse(what: string): never {
    throw new FileError(path, `The list of tensors asks for ${what}, which a table of tensors never needs. ${REFUSED}`);
  }

  function refuseOpcode(opcode: number): never {
    const call = CALLS[opcode];
    if (call === undefined) return fail(`The list of tensors has the unknown instruction 0x${opcode.toString(16)}.`);
    // The name follows INST, and is on the stack for STACK_GLOBAL.
    const name =
      opcode === 0x69
        ? `${line()}.${line()}`
        : stack.slice(-2).every((v) => typeof v === "string")
          ? stack.slice(-2).join(".")
          : "";
    return refuse(name === "" ? `the instruction ${call}` : `${shorten(name)} by the instruction ${call}`);
  }
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
function storageOf(value: Pickled, fail: (problem: string) => never): PickledStorage {
  const items = isKind(value, "tuple") ? value.items : [];
  const [word, type, key, , count] = items;
  const name = isKind(type, "global") ? STORAGE.exec(type.name)?.[1] : undefined;
  if (items.length !== 5 || word !== "storage" || name === undefined || typeof key !== "string" || !isSize(count)) {
    return fail("A storage of the list is not described by its type, key, device and size.");
  }
  return { kind: "storage", type: name, key, count };
}

/** (storage, offset, shape, strides, requires_grad, hooks), and optionally metadata. */
function tensorOf(
  [storage, offset, shape, strides]: readonly Pickled[],
  fail: (problem: string) => never,
): PickledTensor {
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
