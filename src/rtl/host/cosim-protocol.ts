/**
 * The protocol of co-simulation: a driver's accesses as frames of bytes over a TCP connection to the simulated `xpike_axi`.
 *
 *   request   kind, flags, "XP", first word, second word; low byte first, 12 bytes, then a payload
 *   reply     status, flags, "XP", first word, second word, then a payload
 *
 *   kind         flags    first word    second word       payload     reply's words, payload
 *   1 read       0        address       0                 none        the word, 0
 *   2 write      strobe   address       the word          none        0, 0
 *   3 send       0        vectors       limit of clocks   vectors     vectors taken, 0
 *   4 receive    0        answers       limit of clocks   none        answers taken, 0; answers taken
 *   5 clocks     0        0             0                 none        clocks since reset, low word first
 *   6 quit       0        0             0                 none        0, 0, and the server ends
 *
 * Vectors and answers have the bytes of their pins, low byte first; a packet's last vector comes with tlast. Bit 0 of a reply's
 * flags is the last answer's tlast, bit 1 is `irq_o`. The clock advances only while a request needs it. What is not in the
 * table is damaged: the reply says so, and the connection ends.
 */

export const REQUEST = { read: 1, write: 2, send: 3, receive: 4, clocks: 5, quit: 6 } as const;
/** `refused`: the slave answered SLVERR. `late`: the limit of clocks, or of an access, was reached. */
export const STATUS = { done: 0, refused: 1, late: 2, damaged: 3 } as const;
export const REPLY_FLAGS = { last: 0, interrupt: 1 } as const;
export const FRAME_BYTES = 12;
/** "XP": bytes 2 and 3 of every frame. */
export const MARK = [0x58, 0x50] as const;
/** Of a request: payload bytes and clocks; a server refuses more. */
export const MOST_BYTES = 2 ** 26;
export const MOST_CLOCKS = 100_000_000;

export type RequestKind = keyof typeof REQUEST;

export interface Request {
  readonly kind: RequestKind;
  readonly flags?: number;
  readonly first?: number;
  readonly second?: number;
  readonly payload?: Uint8Array;
}

export interface Reply {
  readonly status: number;
  readonly last: boolean;
  readonly interrupt: boolean;
  readonly first: number;
  readonly second: number;
}

export function encodeRequest({
  kind,
  flags = 0,
  first = 0,
  second = 0,
  payload = new Uint8Array(),
}: Request): Uint8Array {
  const bytes = new Uint8Array(FRAME_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set([REQUEST[kind], flags, ...MARK]);
  view.setUint32(4, first, true);
  view.setUint32(8, second, true);
  bytes.set(payload, FRAME_BYTES);
  return bytes;
}

/** Null: these bytes are not the start of a reply. */
export function decodeReply(bytes: Uint8Array): Reply | null {
  if (bytes.length !== FRAME_BYTES || bytes[2] !== MARK[0] || bytes[3] !== MARK[1]) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flag = (bit: number) => ((bytes[1] >> bit) & 1) === 1;
  return {
    status: bytes[0],
    last: flag(REPLY_FLAGS.last),
    interrupt: flag(REPLY_FLAGS.interrupt),
    first: view.getUint32(4, true),
    second: view.getUint32(8, true),
  };
}
