/**
 * The limit of open files, which any part of Node may hit, including its module loader. This file imports nothing, so it always loads.
 */

/** The remedy for an error of that limit, in this thread or in one that it ended; null for other errors. */
export function openFilesMessage(error: unknown): string | null {
  const { code, cause } = (error ?? {}) as { readonly code?: unknown; readonly cause?: unknown };
  if (code !== "EMFILE" && code !== "ENFILE") return cause === undefined ? null : openFilesMessage(cause);
  const most = code === "EMFILE" ? "this process is allowed" : "this machine allows";
  return `The command needs more open files than ${most}. Raise the limit with \`ulimit -n 1024\`, or use fewer --threads.`;
}
