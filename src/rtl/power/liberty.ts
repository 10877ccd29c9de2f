/**
 * The syntax of liberty files (Synopsys, Liberty User Guide): nested groups with attributes. Only what is written is read; meaning is
 * given in `library.ts`.
 */
import { FileError } from "../../errors.ts";

/** `kind (names) { attribute : value; attribute (value, value); ... }`. Of a repeated attribute with one value, the last counts. */
export interface LibertyGroup {
  readonly kind: string;
  readonly names: readonly string[];
  readonly attributes: ReadonlyMap<string, string>;
  /** Attributes with parentheses, each time with its values. */
  readonly lists: ReadonlyMap<string, readonly (readonly string[])[]>;
  readonly groups: readonly LibertyGroup[];
}

const SPACE = /(?:[\s\\;]|\/\*[\s\S]*?\*\/|\/\/[^\n]*)*/y;
const WORD = /[\w.]+/y;
const LIST = /\(((?:"[^"]*"|[^")])*)\)/y;
const VALUE = /:\s*("[^"]*"|[^;}\n]*)/y;
const ITEM = /"([^"]*)"|([^\s,\\"]+)/g;

/**
 * The outermost group.
 *
 * @param path names the file in errors
 * Throws  FileError at `path` where the text is not in this form
 */
export function parseLiberty(text: string, path: string): LibertyGroup {
  let at = 0;
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  const isNext = (character: string) => {
    take(SPACE);
    if (text[at] !== character) return false;
    at++;
    return true;
  };
  const refuse = (): never => {
    const line = text.slice(0, at).split("\n").length;
    throw new FileError(path, `Line ${line} is not in liberty format: ${text.slice(at, at + 40).split("\n")[0]}`);
  };
  const statement = (into: Body) => {
    const [kind] = take(WORD) ?? refuse();
    take(SPACE);
    const value = take(VALUE);
    if (value) {
      into.attributes.set(kind, value[1].trim().replaceAll('"', ""));
      return;
    }
    const [, inside] = take(LIST) ?? refuse();
    const values = [...inside.matchAll(ITEM)].map(([, quoted, bare]) => quoted ?? bare);
    if (isNext("{")) {
      const body = fresh();
      while (!isNext("}")) statement(body);
      into.groups.push({ kind, names: values, ...body });
    } else into.lists.set(kind, [...(into.lists.get(kind) ?? []), values]);
  };
  const file = fresh();
  take(SPACE);
  statement(file);
  return file.groups[0] ?? refuse();
}

interface Body {
  readonly attributes: Map<string, string>;
  readonly lists: Map<string, (readonly string[])[]>;
  readonly groups: LibertyGroup[];
}
const fresh = (): Body => ({ attributes: new Map(), lists: new Map(), groups: [] });
