// Formats a table as Markdown. The first `text` columns hold words, the others numbers.
export const markdown = ({ head, rows, text = 1 }) =>
  [head, head.map((_, i) => (i < text ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
