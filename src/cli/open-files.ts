/**
 * The limit of open files, which any part of Node may run into, its loader of modules too. Imports nothing, to work where nothing else can.
 */

/** What to do about an error of that limit; null for another error. */
export function openFilesMessage(error: unknown): string | null {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (code !== "EMFILE" && code !== "ENFILE") return null;
  const most = code === "EMFILE" ? "this process is allowed" : "this machine allows";
  return `The command needs more open files than ${most}. Raise the limit with \`ulimit -n 1024\`, or use fewer --threads.`;
}
