/**
 * Reads a simulation dump in VCD format (IEEE 1800, clause 21.7) while it is being written: the dump of a prompt is about a
 * gigabyte, and only one piece is held at a time. Two-valued: x and z count as 0. Real numbers and parameters are skipped.
 */

/** A variable of the dump. Several variables may share a code: they are one net. */
export interface DumpVariable {
  /** Scopes and name, joined by dots. */
  readonly path: string;
  readonly width: number;
  readonly code: string;
}

export interface DumpListener {
  /** Once, before the first value. */
  readonly begin: (variables: readonly DumpVariable[]) => void;
  /** Bits of all nets with this code, highest first; leading zeros may be missing. */
  readonly change: (code: string, bits: string) => void;
  /** All changes at one time have arrived. */
  readonly moment: () => void;
}

export interface DumpReader {
  /** The next piece, which may end anywhere. Throws Error if the text is not a dump. */
  push(piece: Uint8Array): void;
  end(): void;
}

export function dumpReader({ begin, change, moment }: DumpListener): DumpReader {
  const decoder = new TextDecoder("latin1");
  const scopes: string[] = [];
  const variables: DumpVariable[] = [];
  let rest = "";
  let isHead = true;

  const declare = (line: string) => {
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === "$scope") scopes.push(words[1]);
    else if (keyword === "$upscope") scopes.pop();
    else if (keyword === "$var") {
      const [, width, code, name] = words;
      variables.push({ path: [...scopes, name].join("."), width: Number(width), code });
    } else if (keyword === "$enddefinitions") {
      isHead = false;
      begin(variables);
    }
  };
  const take = (line: string) => {
    if (isHead) return declare(line);
    const first = line.charCodeAt(0);
    // "#time", "b0101 code", "0code"; in this order, because most of a dump is vectors.
    if (first === 0x62) {
      const blank = line.indexOf(" ");
      change(line.slice(blank + 1), line.slice(1, blank));
    } else if (first === 0x30 || first === 0x31) change(line.slice(1), line[0]);
    else if (first === 0x23) moment();
  };
  return {
    push(piece) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) take(line);
    },
    end() {
      if (rest !== "") take(rest);
      rest = "";
      if (isHead) throw new Error("The definitions of the dump do not end.");
      moment();
    },
  };
}
