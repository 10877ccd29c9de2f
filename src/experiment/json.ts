/**
 * JSON text to plain values, for files that strangers wrote.
 *
 * `JSON.parse` words its errors differently in every engine, names no line, keeps the last of two equal keys without a
 * word, and turns 1e999 into Infinity. This reader says line and column, refuses equal keys, `__proto__`, numbers out of
 * range, and text that is too long or nested too deeply. Apart from those refusals it accepts what `JSON.parse` accepts
 * (`json.test.ts` compares the two). What a person writes may have comments besides; commas behind the last entry are refused
 * there too. A library for JSON with comments is compared with in the test, and not used here: those that we know load in no
 * browser without a bundler, as this package does.
 */
import { SpecError } from "../errors.ts";

/** Longest text, in characters. */
export const LONGEST_TEXT = 1_000_000;
/** Deepest nesting of objects and lists; an experiment needs six. */
export const DEEPEST_NESTING = 32;
const MOST_VALUES = 100_000;

/**
 * The value of a JSON text.
 * Throws  SpecError at `name:line:column`
 */
export function parseJson(text: string, name: string, longest = LONGEST_TEXT): unknown {
  return read(text, name, longest, false);
}

/** The same, where `// to the end of the line` and `/* between these *\/` count as space. */
export function parseJsonWithComments(text: string, name: string): unknown {
  return read(text, name, LONGEST_TEXT, true);
}

function read(text: string, name: string, longest: number, comments: boolean): unknown {
  if (text.length > longest) {
    throw new SpecError(name, `The text has ${text.length} characters, more than the limit of ${longest}.`);
  }
  // A byte order mark is no part of the text.
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let depth = 0;
  skipSpace();
  const result = value();
  skipSpace();
  if (at < text.length) fail(at, `the text should end here, but goes on with ${found()}. Remove what follows.`);
  return result;

  function value(): unknown {
    const character = text[at];
    if (character === "{") return nested(object);
    if (character === "[") return nested(list);
    if (character === '"') return string();
    if (character === "-" || (character! >= "0" && character! <= "9")) return number();
    for (const [word, meaning] of [
      ["true", true],
      ["false", false],
      ["null", null],
    ] as const) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return meaning;
      }
    }
    return fail(at, `expected a value, but found ${found()}.${hint()}`);
  }

  function nested(read: () => unknown): unknown {
    if (++depth > DEEPEST_NESTING) fail(at, `objects and lists are nested more than ${DEEPEST_NESTING} deep.`);
    at += 1;
    skipSpace();
    const result = read();
    depth -= 1;
    return result;
  }

  function object(): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    while (text[at] !== "}") {
      if (text[at] !== '"') fail(at, `expected a key in double quotes, but found ${found()}.${hint()}`);
      const start = at;
      const key = string();
      if (key === "__proto__") fail(start, 'the key "__proto__" is not allowed.');
      if (Object.hasOwn(result, key)) fail(start, `the key ${shorten(key)} appears twice in one object. Keep one.`);
      skipSpace();
      if (text[at] !== ":") fail(at, `expected ":" after the key ${shorten(key)}, but found ${found()}.`);
      at += 1;
      skipSpace();
      result[key] = value();
      separator("}");
    }
    at += 1;
    return result;
  }

  function list(): unknown[] {
    const result: unknown[] = [];
    while (text[at] !== "]") {
      result.push(value());
      separator("]");
    }
    at += 1;
    return result;
  }

  /** After an entry: the closing bracket, which stays, or a comma with another entry behind it. */
  function separator(close: string): void {
    skipSpace();
    if (text[at] === close) return;
    if (text[at] !== ",") fail(at, `expected "," or "${close}", but found ${found()}.${hint()}`);
    const comma = at;
    at += 1;
    skipSpace();
    if (text[at] === close) fail(comma, `the comma before "${close}" has no entry after it. Remove the comma.`);
  }

  function string(): string {
    const start = at;
    let escaped = false;
    for (at += 1; text[at] !== '"'; at += 1) {
      if (at >= text.length)
        fail(start, "the text ends inside the string that starts here. Close it with a double quote.");
      if (text.charCodeAt(at) < 0x20)
        fail(at, "a string may not contain a line break or control character. Write \\n for a line break.");
      if (text[at] !== "\\") continue;
      escaped = true;
      if (!/^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(text.slice(at, at + 6))) {
        fail(at, 'an escape is one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000. Write \\\\ for a backslash.');
      }
      at += 1;
    }
    at += 1;
    return escaped ? (JSON.parse(text.slice(start, at)) as string) : text.slice(start + 1, at - 1);
  }

  function number(): number {
    const pattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
    pattern.lastIndex = at;
    const digits = pattern.exec(text)?.[0];
    if (digits === undefined) return fail(at, 'a "-" must be followed by a digit.');
    if (!Number.isFinite(Number(digits)))
      fail(at, `${shorten(digits)} is beyond the range of numbers (about 1.8e308).`);
    at += digits.length;
    return Number(digits);
  }

  function skipSpace(): void {
    for (;;) {
      while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at += 1;
      if (!comments || text[at] !== "/") return;
      if (text[at + 1] === "/") {
        while (at < text.length && text[at] !== "\n" && text[at] !== "\r") at += 1;
      } else if (text[at + 1] === "*") {
        const end = text.indexOf("*/", at + 2);
        if (end < 0) fail(at, "the text ends inside the comment that starts here. Close it with */.");
        at = end + 2;
      } else return;
    }
  }

  function found(): string {
    return at >= text.length ? "the end of the text" : shorten(String.fromCodePoint(text.codePointAt(at)!));
  }

  function hint(): string {
    if (text[at] === "/" || text[at] === "#") {
      return comments ? " Comments start with // or are enclosed in /* and */." : " JSON has no comments.";
    }
    if (text[at] === "'") return " JSON strings need double quotes.";
    return "";
  }

  function fail(position: number, message: string): never {
    const before = text.slice(0, position);
    const line = before.split("\n").length;
    const column = position - before.lastIndexOf("\n");
    throw new SpecError(`${name}:${line}:${column}`, `Line ${line}, column ${column}: ${message}`);
  }
}

/**
 * A copy of a value built from plain objects, arrays, strings, finite numbers, booleans and null, as JSON would hold it:
 * undefined fields are left out and -0 becomes 0.
 *
 * Throws  SpecError at the field that holds anything else, lies too deep, or is one too many (a cycle, for instance)
 */
export function plainValue(source: unknown, name: string): unknown {
  let count = 0;
  return copy(source, []);

  function copy(value: unknown, path: readonly (string | number)[]): unknown {
    const refuse = (reason: string): never => {
      const field = path.length ? formatPath(path) : name;
      throw new SpecError(field, `${field} ${reason}`);
    };
    if (++count > MOST_VALUES) refuse(`is value number ${MOST_VALUES + 1}; the limit is ${MOST_VALUES}.`);
    if (path.length > DEEPEST_NESTING) refuse(`is nested more than ${DEEPEST_NESTING} deep.`);
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number")
      return Number.isFinite(value) ? value + 0 : refuse(`is ${value}, which JSON cannot hold.`);
    if (Array.isArray(value)) return Array.from(value, (entry, i) => copy(entry, [...path, i]));
    if (typeof value !== "object") return refuse(`is of type ${typeof value}, which JSON cannot hold.`);
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== null && prototype !== Object.prototype) return refuse("is not a plain object.");
    const result: Record<string, unknown> = {};
    for (const [key, entry] of Object.entries(value)) {
      if (key === "__proto__") refuse('has the key "__proto__", which is not allowed.');
      if (entry !== undefined) result[key] = copy(entry, [...path, key]);
    }
    return result;
  }
}

/** A field as a person writes it: `training.stages[1].steps`. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (/^[A-Za-z_$][\w$]{0,59}$/.test(String(key))) text += text ? `.${String(key)}` : String(key);
    else text += `[${shorten(String(key))}]`;
  }
  return text;
}

/** A value as JSON, cut to a readable length. */
export function shorten(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 56)} ...`;
}
