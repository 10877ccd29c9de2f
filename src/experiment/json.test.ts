import fc from "fast-check";
import { type ParseError, parse } from "jsonc-parser";
import { describe, expect, test } from "vitest";
import { SpecError } from "../errors.ts";
import { formatPath, LONGEST_TEXT, parseJson, parseJsonWithComments, plainValue } from "./json.ts";

const errorOf = (action: () => unknown): SpecError => {
  try {
    action();
  } catch (error) {
    if (error instanceof SpecError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
};

const reads = (read: (text: string) => unknown, text: string): boolean => {
  try {
    read(text);
    return true;
  } catch {
    return false;
  }
};

describe("parseJson", () => {
  test("reads what JSON.parse reads", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 2, "\t"), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        fc.pre(!text.includes('"__proto__"'));
        expect(parseJson(text, "x")).toEqual(JSON.parse(text));
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test("refuses what JSON.parse refuses, and only that", () => {
    // Short texts from an alphabet of JSON's own characters hit every branch; none of the own refusals is reachable but
    // equal keys, which the alphabet's single key letter provokes.
    const text = fc.string({ unit: fc.constantFrom(...'{}[],:"\\a1-+.e0 \nntrue'), maxLength: 12 });
    const pieces = fc
      .array(
        fc.constantFrom("{", "}", "[", "]", ",", ":", '"a"', '"b\\n"', "1", "-0.5e3", "01", "true", "null", " ", "\n"),
        {
          maxLength: 9,
        },
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.oneof(text, pieces), (source) => {
        const ours = reads((t) => parseJson(t, "x"), source);
        const theirs = reads(JSON.parse, source);
        if (theirs && !ours) expect(errorOf(() => parseJson(source, "x")).message).toContain("twice in one object");
        else expect(ours).toBe(theirs);
      }),
      { seed: 1, numRuns: 4000 },
    );
  });

  test("names line and column of the first mistake, and the way out", () => {
    const message = (text: string) => errorOf(() => parseJson(text, "a.json")).message;
    const path = (text: string) => errorOf(() => parseJson(text, "a.json")).path;
    expect(path('{\n  "a": 1,\n  "b" 2\n}')).toBe("a.json:3:7");
    expect(message('{\n  "a": 1,\n  "b" 2\n}')).toBe(
      'Line 3, column 7: expected ":" after the key "b", but found "2".',
    );
    expect(message('{ "a": 1, }')).toBe(
      'Line 1, column 9: the comma before "}" has no entry after it. Remove the comma.',
    );
    expect(message("// hello")).toContain("JSON has no comments");
    expect(message("{'a': 1}")).toContain("JSON strings need double quotes");
    expect(message("")).toBe("Line 1, column 1: expected a value, but found the end of the text.");
    expect(message('["abc')).toContain("column 2: the text ends inside the string that starts here");
    expect(message('"a\nb"')).toContain("Write \\n for a line break");
    expect(message("{} {}")).toContain("Remove what follows");
    expect(message("1e999")).toContain("beyond the range of numbers");
    expect(message('{"a": 1, "a": 2}')).toContain('the key "a" appears twice');
  });

  test("refuses keys that would change an object's prototype", () => {
    expect(errorOf(() => parseJson('{"__proto__": {"polluted": true}}', "x")).message).toContain("__proto__");
    expect(errorOf(() => parseJson('{"\\u005f_proto__": 1}', "x")).message).toContain("__proto__");
  });

  test("stops at a million characters and at 32 levels", () => {
    expect(errorOf(() => parseJson(" ".repeat(LONGEST_TEXT + 1), "x")).message).toContain(
      "more than the limit of 1000000",
    );
    expect(errorOf(() => parseJson("[".repeat(900_000), "x")).message).toContain("more than 32 deep");
    expect(parseJson("[".repeat(32) + "]".repeat(32), "x")).toBeInstanceOf(Array);
  });

  test("skips a byte order mark", () => {
    expect(parseJson("\ufeff{}", "x")).toEqual({});
  });
});

describe("parseJsonWithComments", () => {
  /** What jsonc-parser makes of a text, or undefined where it finds a mistake. */
  const reference = (text: string): { value: unknown } | undefined => {
    const errors: ParseError[] = [];
    const value = parse(text, errors, { allowTrailingComma: false });
    return errors.length === 0 ? { value } : undefined;
  };

  test("reads what jsonc-parser reads, and refuses what it refuses", () => {
    // Texts are short: of comments, of what only looks like one, and of JSON around them.
    const pieces = fc.constantFrom(
      ..."{}[],:",
      '"a"',
      '"/*"',
      '"//"',
      "1",
      "//",
      "/*",
      "*/",
      "/**/",
      "/",
      "*",
      "\n",
      "\r",
      " ",
    );
    const text = fc.array(pieces, { maxLength: 10 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (source) => {
        const theirs = reference(source);
        const ours = reads((t) => parseJsonWithComments(t, "x"), source);
        if (theirs && !ours) {
          expect(errorOf(() => parseJsonWithComments(source, "x")).message).toContain("twice in one object");
        } else {
          expect(ours, source).toBe(theirs !== undefined);
          if (theirs) expect(parseJsonWithComments(source, "x")).toEqual(theirs.value);
        }
      }),
      { seed: 1, numRuns: 4000 },
    );
  });

  test("comments between any two tokens change nothing", () => {
    const comment = fc.constantFrom("", " ", "// one\n", "//\r\n", "/* two\n */", "/***/", "/* // */ // /*\n");
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }),
        fc.array(comment, { minLength: 1, maxLength: 8 }),
        (value, comments) => {
          const text = JSON.stringify(value);
          fc.pre(!text.includes('"__proto__"'));
          let i = 0;
          const between = () => comments[i++ % comments.length];
          const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^"{}[\],:]+/g)!;
          const commented = between() + tokens.map((token) => token + between()).join("");
          expect(parseJsonWithComments(commented, "x")).toEqual(JSON.parse(text));
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });

  test("says where a mistake is, behind comments too", () => {
    const message = (text: string) => errorOf(() => parseJsonWithComments(text, "a.json")).message;
    expect(message('{\n  // once\n  "a": 1, /* and */ "a": 2\n}')).toBe(
      'Line 3, column 21: the key "a" appears twice in one object. Keep one.',
    );
    expect(message('{ "a": 1, // last\n }')).toBe(
      'Line 1, column 9: the comma before "}" has no entry after it. Remove the comma.',
    );
    expect(message("{} /* open")).toBe(
      "Line 1, column 4: the text ends inside the comment that starts here. Close it with */.",
    );
    expect(message("# hash\n{}")).toContain("Comments start with // or are enclosed in /* and */.");
    expect(message(`/*${" ".repeat(LONGEST_TEXT)}*/`)).toContain("more than the limit of 1000000");
    expect(message("/**/[".repeat(100_000))).toContain("more than 32 deep");
  });
});

describe("plainValue", () => {
  test("copies what JSON can hold", () => {
    const source = { a: [1, "x", null, true], b: { c: -0 }, d: undefined };
    const copy = plainValue(source, "x");
    expect(copy).toEqual({ a: [1, "x", null, true], b: { c: 0 } });
    expect(Object.keys(copy as object)).toEqual(["a", "b"]);
  });

  test("names the field that holds anything else", () => {
    for (const [value, reason] of [
      [Number.NaN, "is NaN"],
      [Number.POSITIVE_INFINITY, "is Infinity"],
      [() => 1, "is of type function"],
      [Symbol("s"), "is of type symbol"],
      [1n, "is of type bigint"],
      [new Map(), "is not a plain object"],
      [new Uint8Array(2), "is not a plain object"],
    ] as const) {
      const error = errorOf(() => plainValue({ list: [0, { field: value }] }, "x"));
      expect(error.path).toBe("list[1].field");
      expect(error.message).toContain(reason);
    }
    expect(errorOf(() => plainValue(undefined, "here")).path).toBe("here");
  });

  test("ends on a cycle, and on a value that contains itself a billion times over", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(errorOf(() => plainValue(cycle, "x")).message).toContain("nested more than 32 deep");
    let doubled: unknown = 1;
    for (let i = 0; i < 30; i++) doubled = [doubled, doubled];
    expect(errorOf(() => plainValue(doubled, "x")).message).toContain("the limit is 100000");
  });

  test("refuses an own __proto__ key", () => {
    expect(errorOf(() => plainValue(JSON.parse('{"a": {"__proto__": 1}}'), "x")).path).toBe("a");
  });
});

test("a field is written as a person would", () => {
  expect(formatPath(["training", "stages", 1, "steps"])).toBe("training.stages[1].steps");
  expect(formatPath(["a b", 0])).toBe('["a b"][0]');
  expect(formatPath([])).toBe("");
});
