/**
 * A Linux serial port without a native module: `stty` configures the line, and the port is a file. Reads end after a tenth of a
 * second without a byte (VMIN 0, VTIME 1), so no read outlives its port.
 */
import { execFile } from "node:child_process";
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { FileError } from "../errors.ts";
import type { ByteLine } from "../rtl/board/serial-line.ts";

const LONGEST_READ = 4096;

/**
 * Opens a port: 8 data bits, no parity, one stop bit, no handshake.
 * Throws  FileError when there is no such port, it may not be used, it is not a serial port, or it does not support the rate
 */
export async function openSerialPort(path: string, baud: number): Promise<ByteLine> {
  const handle = await open(path, "r+").catch((error: NodeJS.ErrnoException) => {
    throw new FileError(path, `The port cannot be opened: ${wayOut(error)}`);
  });
  try {
    const line = ["raw", "-echo", "cs8", "-parenb", "-cstopb", "-crtscts", "clocal", "cread", "min", "0", "time", "1"];
    await promisify(execFile)("stty", ["-F", path, String(baud), ...line]);
  } catch (error) {
    await handle.close();
    const said = String((error as { stderr?: string }).stderr ?? error).trim();
    throw new FileError(
      path,
      `stty cannot set the line to ${baud} bits per second: ${said.split("\n")[0]}. Name a serial port of Linux, such as /dev/ttyUSB0.`,
    );
  }
  return { write: (bytes) => writeAll(handle, bytes), read: () => readSome(handle), close: () => handle.close() };
}

function wayOut({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOENT") return "there is no port with this name. Plug the board in and look in /dev/serial/by-id.";
  if (code === "EACCES") return "permission denied. Join the group that owns it: sudo usermod -aG dialout $USER.";
  return `${message}.`;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length; ) {
    sent += (await handle.write(bytes, sent, bytes.length - sent, null)).bytesWritten;
  }
}

async function readSome(handle: FileHandle): Promise<Uint8Array> {
  const { bytesRead, buffer } = await handle.read(new Uint8Array(LONGEST_READ), 0, LONGEST_READ, null);
  return buffer.subarray(0, bytesRead);
}
