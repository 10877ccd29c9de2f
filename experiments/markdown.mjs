// A table as Markdown; its first `text` columns are words, the others numbers.
export const markdown = ({ head, rows, text = 1 }) =>
  [head, head.map((_, i) => (i < text ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
