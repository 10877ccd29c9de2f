/** Texts as parts of an address. */
import { ValueError } from "xpikeformer";

/** Most bytes of a text: an address may come from anyone. */
const MOST = 1_000_000;

/** A text, deflated, in the letters of addresses. */
export async function pack(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The text that was packed. Throws ValueError if it is damaged or too long. */
export async function unpack(packed: string): Promise<string> {
  const damaged = new ValueError("link", "This link is damaged or incomplete. Copy the whole link again.");
  try {
    const bytes = Uint8Array.from(atob(packed.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    const decoder = new TextDecoder();
    let [text, size] = ["", 0];
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      size += value.length;
      if (size > MOST) throw damaged;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    throw damaged;
  }
}
