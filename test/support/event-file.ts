/**
 * A reader of TensorBoard event files, written from their formats and not from our writer: TFRecord framing with bit-by-bit CRC-32C, and
 * Protocol Buffers' wire format with the fields of `event.proto` and `summary.proto`.
 */

export interface ReadEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly version: string | null;
  readonly scalars: Readonly<Record<string, number>>;
}

/** Throws on a wrong length, a wrong checksum or an unknown field. */
export function readEvents(bytes: Uint8Array): ReadEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: ReadEvent[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    requireSum(bytes.subarray(at, at + 8), view.getUint32(at + 8, true));
    const data = bytes.subarray(at + 12, at + 12 + length);
    requireSum(data, view.getUint32(at + 12 + length, true));
    events.push(readEvent(data));
    at += 16 + length;
  }
  return events;
}

function requireSum(data: Uint8Array, stored: number): void {
  let register = 0xffffffff;
  for (const byte of data) {
    for (let bit = 0; bit < 8; bit++) {
      const low = (register ^ (byte >> bit)) & 1;
      register = (register >>> 1) ^ (low ? 0x82f63b78 : 0);
    }
  }
  const sum = BigInt(~register >>> 0);
  const rotated = ((sum >> 15n) | (sum << 17n)) & 0xffffffffn;
  const masked = (rotated + 0xa282ead8n) & 0xffffffffn;
  if (masked !== BigInt(stored)) throw new Error(`the checksum is ${masked}, not ${stored}`);
}

type Field = readonly [number, number | Uint8Array];

function* fields(data: Uint8Array): Generator<Field> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = data[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(value);
    }
  };
  while (at < data.length) {
    const key = varint();
    const wire = key & 7;
    if (wire === 0) yield [key >> 3, varint()];
    else if (wire === 1) {
      yield [key >> 3, view.getFloat64(at, true)];
      at += 8;
    } else if (wire === 5) {
      yield [key >> 3, view.getFloat32(at, true)];
      at += 4;
    } else if (wire === 2) {
      const length = varint();
      yield [key >> 3, data.subarray(at, at + length)];
      at += length;
    } else throw new Error(`the wire type ${wire}`);
  }
}

const textOf = (bytes: number | Uint8Array): string => new TextDecoder().decode(bytes as Uint8Array);

function readEvent(data: Uint8Array): ReadEvent {
  const event = { wallTime: 0, step: 0, version: null as string | null, scalars: {} as Record<string, number> };
  for (const [field, value] of fields(data)) {
    if (field === 1) event.wallTime = value as number;
    else if (field === 2) event.step = value as number;
    else if (field === 3) event.version = textOf(value);
    else if (field === 5)
      for (const [, one] of fields(value as Uint8Array)) Object.assign(event.scalars, readScalar(one));
    else throw new Error(`the field ${field}`);
  }
  return event;
}

function readScalar(value: number | Uint8Array): Record<string, number> {
  let [tag, scalar] = ["", Number.NaN];
  for (const [field, content] of fields(value as Uint8Array)) {
    if (field === 1) tag = textOf(content);
    else if (field === 2) scalar = content as number;
    // 9 is the metadata that other writers add.
    else if (field !== 9) throw new Error(`the field ${field} of a value`);
  }
  return { [tag]: scalar };
}
