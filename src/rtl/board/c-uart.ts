/**
 * The bus of the C driver (`host/c-driver.ts`) to a machine on a board, in C99 without dynamic memory: frames over any line of bytes, and
 * a serial port of POSIX as such a line. `serial-bus.ts` is its twin.
 */
import type { SourceFiles } from "../design.ts";
import { C_HEADER, C_SERIAL, C_UART, C_UART_HEADER } from "../host/c-names.ts";
import {
  CRC_POLYNOMIAL,
  CRC_RESIDUE,
  CRC_START,
  END,
  ESCAPE,
  ESCAPED_END,
  ESCAPED_ESCAPE,
  REFUSAL,
  REPLY,
  REQUEST,
} from "./protocol.ts";

/** Texts by file name; each begins with `first`. */
export const uartFiles = (first: string, baud: number): SourceFiles => ({
  [C_UART_HEADER]: `${first}${header(baud)}`,
  [C_UART]: `${first}${bus}`,
  [C_SERIAL]: `${first}${serial}`,
});

const header = (baud: number) => `#ifndef XPIKE_UART_H
#define XPIKE_UART_H
#include "${C_HEADER}"

#define XPIKE_BAUD ${baud}u

/* A line of bytes to a board: 8 data bits, no parity, one stop bit. Both functions return an xpike_result. */
typedef struct {
  void *context;
  int (*write)(void *context, const uint8_t *bytes, uint32_t count);
  int (*read)(void *context, uint8_t *byte); /* XPIKE_LATE: none came in time */
} xpike_line;

/* What the board holds: fingerprint in board.json. */
int xpike_uart_identify(const xpike_line *line, uint32_t *fingerprint);
/* After an XPIKE_BROKEN or XPIKE_LATE: stops what the board is doing. */
int xpike_uart_resynchronise(const xpike_line *line);
xpike_bus xpike_uart_bus(xpike_line *line);

/* A serial port (POSIX; ${C_SERIAL}). */
typedef struct {
  int descriptor;
} xpike_serial;
int xpike_serial_open(xpike_serial *serial, const char *path);
void xpike_serial_close(xpike_serial *serial);
xpike_line xpike_serial_line(xpike_serial *serial);

#endif
`;

const hex = (value: number) => `0x${value.toString(16)}`;

const bus = `#include "${C_UART_HEADER}"

enum { ATTEMPTS = 3 };
/* Bytes of the longest reply. */
#define LONGEST (XPIKE_PROMPT_ANSWERS * XPIKE_ANSWER_BYTES > 4 ? XPIKE_PROMPT_ANSWERS * XPIKE_ANSWER_BYTES : 4)

static uint16_t crc_with(uint16_t crc, uint8_t byte) {
  int bit;
  crc = (uint16_t)(crc ^ (uint16_t)(byte << 8));
  for (bit = 0; bit < 8; bit++) crc = (uint16_t)(crc & 0x8000 ? (uint16_t)(crc << 1) ^ ${hex(CRC_POLYNOMIAL)} : crc << 1);
  return crc;
}

/* A byte of a frame's content, escaped. */
static int put(const xpike_line *line, uint8_t byte) {
  uint8_t bytes[2];
  bytes[0] = ${hex(ESCAPE)};
  bytes[1] = byte == ${hex(END)} ? ${hex(ESCAPED_END)} : ${hex(ESCAPED_ESCAPE)};
  if (byte == ${hex(END)} || byte == ${hex(ESCAPE)}) return line->write(line->context, bytes, 2);
  return line->write(line->context, &byte, 1);
}

static int end_frame(const xpike_line *line) {
  const uint8_t end = ${hex(END)};
  return line->write(line->context, &end, 1);
}

static int send_frame(const xpike_line *line, uint8_t kind, const uint8_t *payload, uint32_t count) {
  uint16_t crc = crc_with(${hex(CRC_START)}, kind);
  uint32_t n;
  int result = end_frame(line);
  if (result == XPIKE_DONE) result = put(line, kind);
  for (n = 0; result == XPIKE_DONE && n < count; n++) {
    crc = crc_with(crc, payload[n]);
    result = put(line, payload[n]);
  }
  crc = (uint16_t)~crc;
  if (result == XPIKE_DONE) result = put(line, (uint8_t)(crc >> 8));
  if (result == XPIKE_DONE) result = put(line, (uint8_t)crc);
  if (result == XPIKE_DONE) result = end_frame(line);
  return result;
}

/* The next frame's kind and payload; XPIKE_BROKEN if it is damaged, or its payload has another length. */
static int take_frame(const xpike_line *line, uint8_t *kind, uint8_t *payload, uint32_t *count) {
  uint8_t content[1 + LONGEST + 2], byte = 0;
  uint16_t crc = ${hex(CRC_START)};
  uint32_t length = 0, n;
  int escaped = 0, damaged = 0;
  for (;;) {
    const int result = line->read(line->context, &byte);
    if (result != XPIKE_DONE) return result;
    if (byte == ${hex(END)}) {
      if (length == 0 && !escaped && !damaged) continue;
      break;
    }
    if (!escaped && byte == ${hex(ESCAPE)}) {
      escaped = 1;
      continue;
    }
    if (escaped) {
      damaged |= byte != ${hex(ESCAPED_END)} && byte != ${hex(ESCAPED_ESCAPE)};
      byte = byte == ${hex(ESCAPED_END)} ? ${hex(END)} : ${hex(ESCAPE)};
      escaped = 0;
    }
    if (length == sizeof content) {
      damaged = 1;
      continue;
    }
    content[length++] = byte;
    crc = crc_with(crc, byte);
  }
  if (damaged || escaped || length < 3 || crc != ${hex(CRC_RESIDUE)}) return XPIKE_BROKEN;
  *kind = content[0];
  *count = length - 3;
  for (n = 0; n < *count; n++) payload[n] = content[1 + n];
  return XPIKE_DONE;
}

int xpike_uart_resynchronise(const xpike_line *line) {
  uint8_t byte;
  int result = end_frame(line);
  while (result == XPIKE_DONE) result = line->read(line->context, &byte);
  return result == XPIKE_LATE ? XPIKE_DONE : result;
}

/* A request, sent again if the board did not get it, or if it may do it twice. */
static int ask(const xpike_line *line, uint8_t kind, const uint8_t *payload, uint32_t count, uint8_t wanted, uint8_t *reply,
               uint32_t expected, int repeatable) {
  uint8_t content[LONGEST], got = 0;
  uint32_t length = 0, n;
  int attempt, result = XPIKE_BROKEN;
  for (attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0 && xpike_uart_resynchronise(line) != XPIKE_DONE) return XPIKE_BROKEN;
    if (send_frame(line, kind, payload, count) != XPIKE_DONE) return XPIKE_BROKEN;
    result = take_frame(line, &got, content, &length);
    if (result == XPIKE_DONE && got == wanted && length == expected) {
      for (n = 0; n < expected; n++) reply[n] = content[n];
      return XPIKE_DONE;
    }
    if (result == XPIKE_DONE && got == ${hex(REPLY.refused)} && length == 1) {
      if (content[0] != ${REFUSAL.damaged}) return XPIKE_REFUSED;
      result = XPIKE_BROKEN;
      continue;
    }
    if (result == XPIKE_DONE) result = XPIKE_FOREIGN;
    if (!repeatable) return result;
  }
  return result;
}

static void put_word(uint8_t *bytes, uint32_t word) {
  int n;
  for (n = 0; n < 4; n++) bytes[n] = (uint8_t)(word >> 8 * n);
}

static uint32_t word_at(const uint8_t *bytes) {
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

int xpike_uart_identify(const xpike_line *line, uint32_t *fingerprint) {
  uint8_t bytes[4];
  const int result = ask(line, ${hex(REQUEST.identify)}, 0, 0, ${hex(REPLY.identity)}, bytes, 4, 1);
  if (result == XPIKE_DONE) *fingerprint = word_at(bytes);
  return result;
}

static int uart_read(void *context, uint32_t address, uint32_t *word) {
  uint8_t bytes[4];
  int result;
  put_word(bytes, address);
  result = ask(context, ${hex(REQUEST.read)}, bytes, 4, ${hex(REPLY.word)}, bytes, 4, 1);
  if (result == XPIKE_DONE) *word = word_at(bytes);
  return result;
}

static int uart_write(void *context, uint32_t address, uint32_t word) {
  uint8_t bytes[8];
  put_word(bytes, address);
  put_word(bytes + 4, word);
  return ask(context, ${hex(REQUEST.write)}, bytes, 8, ${hex(REPLY.done)}, bytes, 0, 0);
}

static int uart_send(void *context, const uint8_t *vectors, uint32_t count) {
  uint8_t none;
  return ask(context, ${hex(REQUEST.vectors)}, vectors, count * XPIKE_VECTOR_BYTES, ${hex(REPLY.done)}, &none, 0, 0);
}

static int uart_receive(void *context, uint8_t *answers, uint32_t count) {
  return ask(context, ${hex(REQUEST.answers)}, 0, 0, ${hex(REPLY.answers)}, answers, count * XPIKE_ANSWER_BYTES, 1);
}

xpike_bus xpike_uart_bus(xpike_line *line) {
  const xpike_bus bus = {line, uart_read, uart_write, uart_send, uart_receive};
  return bus;
}
`;

/** Rates that termios names beyond POSIX's are not everywhere. */
const serial = `#define _DEFAULT_SOURCE
#include "${C_UART_HEADER}"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

/* Milliseconds within which the board must answer, and may be silent within a reply. */
enum { PATIENCE = 20000 };

static const struct {
  uint32_t rate;
  speed_t speed;
} rates[] = {
    {9600, B9600},   {19200, B19200},   {38400, B38400},
#ifdef B115200
    {57600, B57600}, {115200, B115200}, {230400, B230400},
#endif
#ifdef B1000000
    {460800, B460800}, {921600, B921600}, {1000000, B1000000}, {2000000, B2000000}, {3000000, B3000000},
#endif
};

static int serial_write(void *context, const uint8_t *bytes, uint32_t count) {
  const xpike_serial *serial = context;
  while (count > 0) {
    const ssize_t sent = write(serial->descriptor, bytes, count);
    if (sent <= 0) return XPIKE_BROKEN;
    bytes += sent;
    count -= (uint32_t)sent;
  }
  return XPIKE_DONE;
}

static int serial_read(void *context, uint8_t *byte) {
  const xpike_serial *serial = context;
  struct pollfd waiting;
  int ready;
  waiting.fd = serial->descriptor;
  waiting.events = POLLIN;
  waiting.revents = 0;
  ready = poll(&waiting, 1, PATIENCE);
  if (ready == 0) return XPIKE_LATE;
  return ready > 0 && read(serial->descriptor, byte, 1) == 1 ? XPIKE_DONE : XPIKE_BROKEN;
}

int xpike_serial_open(xpike_serial *serial, const char *path) {
  struct termios settings;
  unsigned n;
  serial->descriptor = open(path, O_RDWR | O_NOCTTY);
  if (serial->descriptor < 0) return XPIKE_BROKEN;
  for (n = 0; n < sizeof rates / sizeof rates[0]; n++) {
    if (rates[n].rate != XPIKE_BAUD) continue;
    if (tcgetattr(serial->descriptor, &settings) != 0) break;
    cfmakeraw(&settings);
    settings.c_cflag = (settings.c_cflag & ~(tcflag_t)(PARENB | CSTOPB)) | CLOCAL | CREAD;
    if (cfsetispeed(&settings, rates[n].speed) != 0 || cfsetospeed(&settings, rates[n].speed) != 0) break;
    if (tcsetattr(serial->descriptor, TCSANOW, &settings) != 0) break;
    return XPIKE_DONE;
  }
  close(serial->descriptor);
  return XPIKE_BROKEN;
}

void xpike_serial_close(xpike_serial *serial) { close(serial->descriptor); }

xpike_line xpike_serial_line(xpike_serial *serial) {
  const xpike_line line = {serial, serial_write, serial_read};
  return line;
}
`;
