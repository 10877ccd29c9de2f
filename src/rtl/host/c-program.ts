/** The C program of a machine's folder: it sends the folder's prompts through the driver, to a co-simulation or to a board. */
import { CONSTANT_FILE } from "../machine/load-layout.ts";
import { ANSWER_FILE, DECISION_FILE, INPUT_FILE, SEED_FILE } from "../machine/vectors.ts";
import {
  C_DRIVER,
  C_HEADER,
  C_PROGRAM,
  C_SERIAL,
  C_SOCKET,
  C_UART,
  C_UART_HEADER,
  C_UIO,
  C_UIO_HEADER,
} from "./c-names.ts";

export const program = `/*
 * Runs the prompts of this folder on the machine, prints each decision, and compares it with the simulator's, as it does every total.
 *
 *   gcc -std=c99 -O1 -o xpike_run ${C_PROGRAM} ${C_SOCKET} ${C_DRIVER} && ./xpike_run 127.0.0.1 PORT
 *
 * The argument quit behind them also ends the co-simulation; load first loads the constants of the current folder; numbers sends
 * the number of each prompt instead of its seeds, and queue keeps the numbers of the next prompts in the machine's queue. With a
 * board's kit, over its serial port:
 *
 *   gcc -DXPIKE_SERIAL -O1 -o xpike_run ${C_PROGRAM} ${C_UART} ${C_SERIAL} ${C_DRIVER} && ./xpike_run /dev/ttyUSB0
 *
 * On a Zynq, with registers, DMA and buffer as UIO devices:
 *
 *   gcc -DXPIKE_UIO -O1 -o xpike_run ${C_PROGRAM} ${C_UIO} ${C_DRIVER} && ./xpike_run /dev/uio0 /dev/uio1 /dev/uio2
 */
#include <stdio.h>
#include <string.h>
#include "${C_HEADER}"
#ifdef XPIKE_SERIAL
#include "${C_UART_HEADER}"
#endif
#ifdef XPIKE_UIO
#include "${C_UIO_HEADER}"
#endif

static uint8_t vectors[XPIKE_PROMPT_VECTORS * XPIKE_VECTOR_BYTES];
static uint32_t seeds[XPIKE_PROMPT_SEEDS];
static xpike_answer answers[XPIKE_PROMPT_ANSWERS];

static int digit(int character) {
  if (character >= '0' && character <= '9') return character - '0';
  return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

/* The last word of the next line, low byte first: 1; 0 at the end of the file, -1 for another line. */
static int next_word(FILE *file, uint8_t *bytes, uint32_t size) {
  char text[2 * (XPIKE_VECTOR_BYTES > XPIKE_ANSWER_BYTES ? XPIKE_VECTOR_BYTES : XPIKE_ANSWER_BYTES) + 32];
  const char *word;
  size_t length, n;
  if (fgets(text, sizeof text, file) == NULL) return 0;
  word = strrchr(text, ' ');
  word = word == NULL ? text : word + 1;
  length = strcspn(word, "\\r\\n");
  if (length == 0 || length > 2 * (size_t)size) return -1;
  memset(bytes, 0, size);
  for (n = 0; n < length; n++) {
    const int value = digit(word[length - 1 - n]);
    if (value < 0) return -1;
    bytes[n / 2] |= (uint8_t)(value << 4 * (n % 2));
  }
  return 1;
}

static int is_asked(int count, char **arguments, const char *what) {
  int n;
  for (n = 1; n < count; n++)
    if (strcmp(arguments[n], what) == 0) return 1;
  return 0;
}

static uint32_t word_of(const uint8_t *bytes) {
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* The layout, then the words. */
static int load_constants(const xpike_bus *bus) {
  static uint32_t words[1 + XPIKE_CONSTANT_COUNT];
  FILE *const file = fopen("${CONSTANT_FILE}", "r");
  uint8_t word[4];
  uint32_t count = 0;
  if (file == NULL) return XPIKE_FOREIGN;
  while (count <= XPIKE_CONSTANT_COUNT && next_word(file, word, sizeof word) == 1) words[count++] = word_of(word);
  fclose(file);
  return count == 0 ? XPIKE_FOREIGN : xpike_load_constants(bus, words[0], words + 1, count - 1);
}

static int failed(const char *what) {
  fprintf(stderr, "FAIL %s\\n", what);
  return 1;
}

/* Whether any total, or the decision, differs from the expected words. */
static int differs(const xpike_answer *answer, const uint8_t *totals, const uint8_t *decision) {
  uint32_t bit, expected = 0;
  for (bit = 0; bit < XPIKE_ALL_TOTAL_BITS; bit++) {
    const uint32_t total = (uint32_t)answer->totals[bit / XPIKE_TOTAL_WIDTH];
    if ((total >> bit % XPIKE_TOTAL_WIDTH & 1) != (uint32_t)(totals[bit / 8] >> bit % 8 & 1)) return 1;
  }
  for (bit = 0; bit < XPIKE_DECISION_WIDTH; bit++) expected |= (uint32_t)(decision[bit / 8] >> bit % 8 & 1) << bit;
  return answer->decision != expected;
}

#ifdef XPIKE_SERIAL
static xpike_serial serial;
static xpike_line line;

static const char *open_bus(int count, char **arguments, xpike_bus *bus) {
  if (count < 2) return "give the serial port of the board";
  if (xpike_serial_open(&serial, arguments[1]) != XPIKE_DONE) return "the port cannot be opened at this rate";
  line = xpike_serial_line(&serial);
  *bus = xpike_uart_bus(&line);
  return 0;
}

static void close_bus(int quits) {
  (void)quits;
  xpike_serial_close(&serial);
}
#elif defined XPIKE_UIO
static xpike_uio uio;

static const char *open_bus(int count, char **arguments, xpike_bus *bus) {
  if (count < 1 + XPIKE_UIO_DEVICES) return "give the UIO devices of registers, DMA and buffer";
  if (xpike_uio_open(&uio, (const char *const *)arguments + 1) != XPIKE_DONE)
    return "a device cannot be mapped, or the buffer is too small or above 4 GiB";
  *bus = xpike_mapped_bus(&uio.mapped);
  return 0;
}

static void close_bus(int quits) {
  (void)quits;
  xpike_uio_close(&uio);
}
#else
static xpike_cosim cosim;

static const char *open_bus(int count, char **arguments, xpike_bus *bus) {
  if (count < 3) return "give a host and a port, as xpike rtl cosim FOLDER --serve prints them";
  if (xpike_cosim_open(&cosim, arguments[1], arguments[2]) != XPIKE_DONE) return "no co-simulation answers there";
  *bus = xpike_cosim_bus(&cosim);
  return 0;
}

static void close_bus(int quits) {
  if (quits)
    xpike_cosim_quit(&cosim);
  else
    xpike_cosim_close(&cosim);
}
#endif

/* As many of the numbers up to the last as the queue has room for; the first that was not submitted is in *next. */
static int fill_queue(const xpike_bus *bus, uint32_t *next, uint32_t end) {
  uint32_t room;
  int result = xpike_room(bus, &room);
  while (result == XPIKE_DONE && room-- > 0 && *next < end) result = xpike_submit(bus, (*next)++);
  return result;
}

/* A prompt whose number is, or comes, in the queue. */
static int run_queued(const xpike_bus *bus, uint32_t prompt, uint32_t *next, uint32_t end) {
  uint32_t done = 0;
  int result = fill_queue(bus, next, end);
  if (result == XPIKE_DONE) result = xpike_send_vectors(bus, vectors);
  if (result == XPIKE_DONE) result = xpike_take_answers(bus, answers);
  if (result == XPIKE_DONE) result = xpike_done(bus, &done);
  return result == XPIKE_DONE && done != prompt ? XPIKE_FOREIGN : result;
}

static uint32_t lines_of(FILE *file) {
  uint32_t lines = 0;
  int character;
  while ((character = getc(file)) != EOF) lines += character == '\\n';
  rewind(file);
  return lines;
}

int main(int count, char **arguments) {
  static const char *const results[] = {"done", "refused", "late", "the bus is broken", "another machine answers"};
  uint8_t word[4], totals[XPIKE_ANSWER_BYTES], decision[XPIKE_ANSWER_BYTES];
  FILE *const seed_file = fopen("${SEED_FILE}", "r"), *const input_file = fopen("${INPUT_FILE}", "r");
  FILE *const total_file = fopen("${ANSWER_FILE}", "r"), *const decision_file = fopen("${DECISION_FILE}", "r");
  const char *closed;
  xpike_bus bus;
  uint32_t next = 0, end;
  int prompts = 0, differing = 0, result;
  if (seed_file == NULL || input_file == NULL || total_file == NULL || decision_file == NULL)
    return failed("run this in the folder of the machine");
  end = lines_of(seed_file) / XPIKE_PROMPT_SEEDS;
  closed = open_bus(count, arguments, &bus);
  if (closed != NULL) return failed(closed);
  result = xpike_identify(&bus);
  if (result == XPIKE_DONE) result = xpike_clear(&bus);
  if (result == XPIKE_DONE && is_asked(count, arguments, "load")) result = load_constants(&bus);
  if (result != XPIKE_DONE) return failed(results[result]);
  for (;; prompts++) {
    uint32_t n;
    const int more = next_word(seed_file, word, sizeof word);
    if (more == 0) break;
    for (n = 0; n < XPIKE_PROMPT_SEEDS; n++) {
      if (n == 0 ? more < 0 : next_word(seed_file, word, sizeof word) != 1) return failed("${SEED_FILE} is damaged");
      seeds[n] = word_of(word);
    }
    for (n = 0; n < XPIKE_PROMPT_VECTORS; n++) {
      if (next_word(input_file, vectors + n * XPIKE_VECTOR_BYTES, XPIKE_VECTOR_BYTES) != 1)
        return failed("${INPUT_FILE} is damaged");
    }
    if (is_asked(count, arguments, "queue"))
      result = run_queued(&bus, (uint32_t)prompts, &next, end);
    else
      result = is_asked(count, arguments, "numbers") ? xpike_run_number(&bus, (uint32_t)prompts, vectors, answers)
                                                     : xpike_run_prompt(&bus, seeds, vectors, answers);
    if (result != XPIKE_DONE) return failed(results[result]);
    for (n = 0; n < XPIKE_PROMPT_ANSWERS; n++) {
      if (next_word(total_file, totals, XPIKE_DECISION_AT / 8) != 1) return failed("${ANSWER_FILE} is damaged");
      if (next_word(decision_file, decision, XPIKE_ANSWER_BYTES - XPIKE_DECISION_AT / 8) != 1)
        return failed("${DECISION_FILE} is damaged");
      printf("%lu\\n", (unsigned long)answers[n].decision);
      differing += differs(&answers[n], totals, decision);
    }
  }
  close_bus(is_asked(count, arguments, "quit"));
  printf("%s %d prompts, %d answers differ from the simulator's\\n", differing == 0 ? "PASS" : "FAIL", prompts, differing);
  return differing != 0;
}
`;
