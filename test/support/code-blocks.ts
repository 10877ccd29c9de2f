/** The code blocks of a Markdown page, each with the comment before it, and the shell commands in a block. */

export interface CodeBlock {
  readonly page: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** Empty if the fence names none. */
  readonly language: string;
  readonly text: string;
  /** The comment on the line above, such as `prints` in `<!-- prints -->`; empty if there is none. */
  readonly mark: string;
  /** Whether only that comment is between the previous block and this one. */
  readonly isNext: boolean;
}

export function codeBlocks(page: string, markdown: string): CodeBlock[] {
  const fence = /^( *)```(\S*)\n([\s\S]*?)^\1```$/gm;
  let end = 0;
  return Array.from(markdown.matchAll(fence), (match) => {
    const [whole, indent, language, body] = match as unknown as [string, string, string, string];
    const between = markdown.slice(end, match.index);
    end = match.index + whole.length;
    const mark = /<!-- ([^\n]*?) -->\n$/.exec(between)?.[1] ?? "";
    return {
      page,
      line: markdown.slice(0, match.index).split("\n").length,
      language,
      text: body.replace(new RegExp(`^${indent}`, "gm"), "").trimEnd(),
      mark,
      isNext: between.replace(/<!--[^\n]*-->/, "").trim() === "",
    };
  });
}

/**
 * The commands of a shell block as words: comments, redirections and leading `NAME=value` are dropped, `&&`, `||`, `|` and `;`
 * separate commands, and a backslash continues the line. Quotes keep words together; nothing is expanded.
 */
export function shellCommands(text: string): string[][] {
  const lines = text.replace(/\\\n\s*/g, " ").split("\n");
  return lines.flatMap((line) => {
    const commands: string[][] = [[]];
    for (const [word] of line.matchAll(/#.*|&&|\|\|?|;|\d?>{1,2}\s*\S+|(?:[^\s'"|;]|'[^']*'|"[^"]*")+/g)) {
      if (word.startsWith("#")) break;
      if (/^(&&|\|\|?|;)$/.test(word)) commands.push([]);
      else if (!/^\d?>/.test(word)) commands.at(-1)!.push(word.replace(/["']/g, ""));
    }
    return commands
      .map((words) => words.filter((word, i) => i > 0 || !/^[A-Z_]+=/.test(word)))
      .filter((words) => words.length > 0);
  });
}
