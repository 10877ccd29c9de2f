/**
 * The protocol between a host and a board: frames of bytes over a serial line.
 *
 *   on the line   END, content with its checksum, END; END and ESC bytes within the content are escaped as in SLIP (RFC 1055)
 *   content       kind, payload, CRC-16 of both: polynomial 0x1021, from 0xFFFF, not reflected, inverted, high byte first. Without
 *                 the inversion, a frame with a final checksum byte of 0 would pass without that byte
 *
 *   request         payload                                          reply           payload
 *   identify 0x01   none                                             identity 0x81   4 bytes, the fingerprint of what the board holds
 *   any other, damaged, or of another length                         refused  0xE0   1 byte, the reason
 *
 * of a board with an engine:
 *   run      0x02   steps T, seeds, then T d columns of V, K and Q   spikes   0x82   T d columns of A
 *
 * of a board with a machine, behind `xpike_axi`:
 *   read     0x03   address, 4 bytes                                 word     0x83   4 bytes
 *   write    0x04   address, word                                    done     0x84   none
 *   vectors  0x05   all vectors of the prompt that a start admitted  done     0x84   none, when the machine has taken the last
 *   answers  0x06   none                                             answers  0x86   all answers to those vectors, when the last is there
 *
 * A column is the bits of one feature of all tokens of all heads, least significant first, in the fewest bytes that hold them;
 * addresses, words and seeds have 32 bits, low byte first; vectors and answers have the bytes of `s_axis_tdata` and `m_axis_tdata`, low
 * byte first. Answers can be requested again until the next vectors. An END terminates whatever came before it, including a reply in
 * progress: a host that has lost its place sends END, waits until the line is silent, and requests the identity.
 */

export const END = 0xc0;
export const ESCAPE = 0xdb;
export const ESCAPED_END = 0xdc;
export const ESCAPED_ESCAPE = 0xdd;

export const REQUEST = { identify: 0x01, run: 0x02, read: 0x03, write: 0x04, vectors: 0x05, answers: 0x06 } as const;
export const REPLY = { identity: 0x81, spikes: 0x82, word: 0x83, done: 0x84, answers: 0x86, refused: 0xe0 } as const;
/**
 * Why a board refuses a frame. `slave`: the machine answered SLVERR, or has no such address. `closed`: no start admits vectors. `idle`:
 * answers to no vectors.
 */
export const REFUSAL = { damaged: 1, unknown: 2, length: 3, slave: 4, closed: 5, idle: 6 } as const;

export const CRC_POLYNOMIAL = 0x1021;
export const CRC_START = 0xffff;
/** Register content after a frame followed by its own checksum. */
export const CRC_RESIDUE = 0x1d0f;

/** The checksum of bytes: CRC-16/GENIBUS. */
export const crc16 = (bytes: Iterable<number>): number => crcRegister(bytes) ^ 0xffff;

function crcRegister(bytes: Iterable<number>): number {
  let crc = CRC_START;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? CRC_POLYNOMIAL : 0)) & 0xffff;
  }
  return crc;
}

/** The bytes of a frame on the line. */
export function encodeFrame(kind: number, payload: Uint8Array): Uint8Array {
  const content = [kind, ...payload];
  const crc = crc16(content);
  const escaped = [...content, crc >> 8, crc & 0xff].flatMap((byte) =>
    byte === END ? [ESCAPE, ESCAPED_END] : byte === ESCAPE ? [ESCAPE, ESCAPED_ESCAPE] : [byte],
  );
  return Uint8Array.from([END, ...escaped, END]);
}

export interface Frame {
  readonly kind: number;
  readonly payload: Uint8Array;
}

/** Finds frames in the bytes received over the line. */
export class FrameReader {
  private content: number[] = [];
  private isEscaped = false;
  private isBroken = false;

  /** Takes received bytes. Returns the frames completed by them; null represents a damaged one. */
  take(bytes: Uint8Array): (Frame | null)[] {
    const frames: (Frame | null)[] = [];
    for (const byte of bytes) {
      if (byte === END) {
        if (this.content.length > 0 || this.isBroken || this.isEscaped) frames.push(this.close());
        this.reset();
      } else if (this.isEscaped) {
        this.isEscaped = false;
        if (byte === ESCAPED_END) this.content.push(END);
        else if (byte === ESCAPED_ESCAPE) this.content.push(ESCAPE);
        else this.isBroken = true;
      } else if (byte === ESCAPE) this.isEscaped = true;
      else this.content.push(byte);
    }
    return frames;
  }

  /** Discards a partially received frame. */
  reset(): void {
    this.content = [];
    this.isEscaped = false;
    this.isBroken = false;
  }

  private close(): Frame | null {
    if (this.isBroken || this.isEscaped || this.content.length < 3 || crcRegister(this.content) !== CRC_RESIDUE)
      return null;
    return { kind: this.content[0], payload: Uint8Array.from(this.content.slice(1, -2)) };
  }
}

/** Bytes of hexadecimal digits, last pair first, the bit order of vector files. */
export function bytesOfHex(digits: string): Uint8Array {
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  const bytes = Uint8Array.from({ length: even.length / 2 }, (_, n) =>
    Number.parseInt(even.slice(2 * n, 2 * n + 2), 16),
  );
  return bytes.reverse();
}
