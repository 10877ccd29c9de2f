export function countLines(root: string): Record<string, number>;
export function sizeTable(root: string): string;
