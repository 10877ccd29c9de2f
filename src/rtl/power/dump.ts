/**
 * Reads a dump of a simulation in the form VCD (IEEE 1800, clause 21.7) while it is written: a prompt's dump is a gigabyte, of which no
 * more than one piece is held. Two values: what is x or z counts as 0. Values of real numbers and parameters are passed over.
 */

/** A variable of the dump. Several may have one code: they are one net. */
export interface DumpVariable {
  /** Scopes and name, joined by dots. */
  readonly path: string;
  readonly width: number;
  readonly code: string;
}

export interface DumpListener {
  /** Once, before the first value. */
  readonly begin: (variables: readonly DumpVariable[]) => void;
  /** Bits of all nets with this code, highest first; leading zeros may lack. */
  readonly change: (code: string, bits: string) => void;
  /** All changes of a moment have come. */
  readonly moment: () => void;
}

export interface DumpReader {
  /** The next piece, which may end anywhere. Throws Error for what is no dump. */
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
    // "#time", "b0101 code", "0code"; in this order, since vectors are most of a dump.
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
