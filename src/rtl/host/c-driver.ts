/**
 * The driver of `xpike_axi` in C99: a header with this machine's registers and sizes, the driver without dynamic memory, a bus
 * over memory-mapped registers and a DMA (Zynq), one over the socket of a co-simulation, and a program that runs the folder's prompts.
 */
import {
  CONTROL,
  ERROR,
  IDENTITY,
  INTERRUPT,
  type MachineFacts,
  REGISTERS,
  REVISION,
  STATUS,
  seedBase,
  versionWord,
} from "../axi/register-map.ts";
import { streamSizes } from "../axi/top.ts";
import type { SourceFiles } from "../design.ts";
import { CONSTANT_FILE } from "../machine/load-layout.ts";
import { C_DRIVER, C_HEADER, C_PROGRAM, C_SOCKET } from "./c-names.ts";
import { program } from "./c-program.ts";
import { FRAME_BYTES, MARK, STATUS as REPLY, REQUEST } from "./cosim-protocol.ts";

/** Texts by file name; each begins with `first`. */
export const cFiles = (facts: MachineFacts, first: string): SourceFiles =>
  Object.fromEntries(
    Object.entries({
      [C_HEADER]: header(facts),
      [C_DRIVER]: driver,
      [C_SOCKET]: socketBus,
      [C_PROGRAM]: program,
    }).map(([name, text]) => [name, `${first}${text}`]),
  );

const hex = (value: number) => `0x${value.toString(16)}u`;

function header(facts: MachineFacts): string {
  const { input, output, decisionAt } = streamSizes(facts);
  const bits = { CONTROL, STATUS, ERROR, INTERRUPT };
  const defines = [
    ...REGISTERS.map(({ name, offset }) => [name, hex(offset)]),
    ...Object.entries(bits).flatMap(([register, fields]) =>
      Object.entries(fields).map(([field, bit]) => [`${register}_${field}`.toUpperCase(), hex(2 ** bit)]),
    ),
  ];
  const machine = [
    ["IDENTITY", hex(IDENTITY)],
    ["MAP_REVISION", hex(REVISION)],
    ["QUEUE_DEPTH", `${facts.queueDepth}u`],
    ["GENERATOR", hex(versionWord(facts.version))],
    ["FINGERPRINT", hex(facts.fingerprint)],
    ["PROMPT_CLOCKS", `${facts.clocks}u`],
    ["PROMPT_VECTORS", `${facts.vectors}u`],
    ["PROMPT_ANSWERS", `${facts.answers}u`],
    ["PROMPT_SEEDS", `${facts.seedWords}u`],
    ["SEEDS", hex(seedBase(facts.windowWords))],
    ["CONSTANT_COUNT", `${facts.windowWords - facts.seedWords}u`],
    ["CONSTANT_LAYOUT", hex(facts.layout)],
    ["VECTOR_BYTES", `${input / 8}u`],
    ["ANSWER_BYTES", `${output / 8}u`],
    ["ANSWER_TOTALS", `${facts.outputs}u`],
    ["ALL_TOTAL_BITS", `${facts.totalBits}u`],
    ["TOTAL_WIDTH", `${facts.totalBits / facts.outputs}u`],
    ["DECISION_AT", `${decisionAt}u`],
    ["DECISION_WIDTH", `${facts.decisionBits}u`],
  ];
  const lines = (list: readonly (readonly string[])[]) =>
    list.map(([name, value]) => `#define XPIKE_${name} ${value}\n`).join("");
  return `#ifndef XPIKE_H
#define XPIKE_H
#include <stdint.h>

/* Offsets of the registers, and bits of their fields; both interrupt registers have those of INTERRUPT. */
${lines(defines)}
/* This machine; xpike_identify compares them with its registers. */
${lines(machine)}
enum xpike_result {
  XPIKE_DONE,
  XPIKE_REFUSED, /* the slave answered SLVERR: seeds and starts are refused while busy */
  XPIKE_LATE,    /* not done within the bus's patience: clear the machine */
  XPIKE_BROKEN,  /* the bus failed */
  XPIKE_FOREIGN  /* another machine than this header's */
};

/* Access to one machine; every function returns an xpike_result. */
typedef struct {
  void *context;
  int (*read)(void *context, uint32_t address, uint32_t *word);
  int (*write)(void *context, uint32_t address, uint32_t word);
  /* Whole vectors of XPIKE_VECTOR_BYTES, low byte first; tlast comes with the last. */
  int (*send)(void *context, const uint8_t *vectors, uint32_t count);
  /* The next answers, XPIKE_ANSWER_BYTES each. */
  int (*receive)(void *context, uint8_t *answers, uint32_t count);
} xpike_bus;

typedef struct {
  int32_t totals[XPIKE_ANSWER_TOTALS];
  uint32_t decision; /* the class; or bits, output 0 highest */
} xpike_answer;

int xpike_identify(const xpike_bus *bus);
int xpike_write_seeds(const xpike_bus *bus, const uint32_t seeds[XPIKE_PROMPT_SEEDS]);
/* A prompt's number in its run, from 0: the machine makes the seeds of the next start, also while another runs. One waits at most. */
int xpike_expand_seeds(const xpike_bus *bus, uint32_t number);
/*
 * A prompt's number to the queue, from which it starts by itself; refused while the queue is full, or a number of xpike_expand_seeds
 * waits. Vectors are sent, and answers taken, in the order of the numbers.
 */
int xpike_submit(const xpike_bus *bus, uint32_t number);
/* Numbers for which the queue has room. */
int xpike_room(const xpike_bus *bus, uint32_t *room);
/* The number of the prompt that was answered last. */
int xpike_done(const xpike_bus *bus, uint32_t *number);
/* Reads STATUS until nothing runs or waits in the queue; XPIKE_LATE after so many reads. */
int xpike_wait_idle(const xpike_bus *bus, uint32_t reads);
/* Constants of another chip of this layout, or of the same one at another age, while idle: ${CONSTANT_FILE} of its folder. */
int xpike_load_constants(const xpike_bus *bus, uint32_t layout, const uint32_t *words, uint32_t count);
int xpike_start(const xpike_bus *bus);
int xpike_clear(const xpike_bus *bus);
int xpike_enable_interrupts(const xpike_bus *bus, uint32_t events);
int xpike_clear_interrupts(const xpike_bus *bus, uint32_t events);
int xpike_send_vectors(const xpike_bus *bus, const uint8_t *vectors);
int xpike_take_answers(const xpike_bus *bus, xpike_answer answers[XPIKE_PROMPT_ANSWERS]);
/* Seeds, or a number; then start, vectors, answers. */
int xpike_run_number(const xpike_bus *bus, uint32_t number, const uint8_t *vectors,
                     xpike_answer answers[XPIKE_PROMPT_ANSWERS]);
int xpike_run_prompt(const xpike_bus *bus, const uint32_t seeds[XPIKE_PROMPT_SEEDS], const uint8_t *vectors,
                     xpike_answer answers[XPIKE_PROMPT_ANSWERS]);

/*
 * Memory-mapped registers, and streams through an AXI DMA in simple mode (Xilinx PG021), polled. Both areas are mapped without
 * caches, by UIO, /dev/mem or a program without an operating system. A refused access is a bus error there. Not tried on a board.
 */
typedef struct {
  volatile uint32_t *registers; /* of the machine */
  volatile uint32_t *dma;       /* its registers */
  volatile uint8_t *memory;     /* XPIKE_PROMPT_VECTORS * XPIKE_VECTOR_BYTES, then room for the answers */
  uint32_t memory_address;      /* of the same memory, as the DMA sees it */
  uint32_t patience;            /* polls until a transfer is late */
} xpike_mapped;
xpike_bus xpike_mapped_bus(xpike_mapped *mapped);

/* A connection to xpike rtl cosim FOLDER --serve (POSIX; ${C_SOCKET}). */
typedef struct {
  int socket;
  uint32_t limit; /* clocks until a packet is late */
} xpike_cosim;
int xpike_cosim_open(xpike_cosim *cosim, const char *host, const char *port);
void xpike_cosim_close(xpike_cosim *cosim);
int xpike_cosim_quit(xpike_cosim *cosim); /* also ends the server */
xpike_bus xpike_cosim_bus(xpike_cosim *cosim);

#endif
`;
}

const driver = `#include "${C_HEADER}"

static int is_register(const xpike_bus *bus, uint32_t address, uint32_t expected) {
  uint32_t word = 0;
  const int result = bus->read(bus->context, address, &word);
  return result != XPIKE_DONE ? result : word == expected ? XPIKE_DONE : XPIKE_FOREIGN;
}

int xpike_identify(const xpike_bus *bus) {
  static const uint32_t expected[][2] = {
      {XPIKE_ID, XPIKE_IDENTITY},
      {XPIKE_VERSION, XPIKE_GENERATOR},
      {XPIKE_EXPERIMENT, XPIKE_FINGERPRINT},
      {XPIKE_REVISION, XPIKE_MAP_REVISION},
      {XPIKE_SCHEDULE, XPIKE_PROMPT_CLOCKS},
      {XPIKE_VECTORS, XPIKE_PROMPT_VECTORS},
      {XPIKE_ANSWERS, XPIKE_PROMPT_ANSWERS},
      {XPIKE_OUTPUTS, XPIKE_ANSWER_TOTALS},
      {XPIKE_TOTAL_BITS, XPIKE_ALL_TOTAL_BITS},
      {XPIKE_DECISION_BITS, XPIKE_DECISION_WIDTH},
      {XPIKE_SEED_BASE, XPIKE_SEEDS},
      {XPIKE_SEED_WORDS, XPIKE_PROMPT_SEEDS},
      {XPIKE_CONSTANT_WORDS, XPIKE_CONSTANT_COUNT},
      {XPIKE_LAYOUT, XPIKE_CONSTANT_LAYOUT},
      {XPIKE_DEPTH, XPIKE_QUEUE_DEPTH},
  };
  unsigned n;
  for (n = 0; n < sizeof expected / sizeof expected[0]; n++) {
    const int result = is_register(bus, expected[n][0], expected[n][1]);
    if (result != XPIKE_DONE) return result;
  }
  return XPIKE_DONE;
}

int xpike_write_seeds(const xpike_bus *bus, const uint32_t seeds[XPIKE_PROMPT_SEEDS]) {
  uint32_t n;
  for (n = 0; n < XPIKE_PROMPT_SEEDS; n++) {
    const int result = bus->write(bus->context, XPIKE_SEEDS + 4 * n, seeds[n]);
    if (result != XPIKE_DONE) return result;
  }
  return XPIKE_DONE;
}

int xpike_expand_seeds(const xpike_bus *bus, uint32_t number) { return bus->write(bus->context, XPIKE_EXPAND, number); }

int xpike_submit(const xpike_bus *bus, uint32_t number) { return bus->write(bus->context, XPIKE_SUBMIT, number); }

int xpike_room(const xpike_bus *bus, uint32_t *room) { return bus->read(bus->context, XPIKE_ROOM, room); }

int xpike_done(const xpike_bus *bus, uint32_t *number) { return bus->read(bus->context, XPIKE_ANSWERED, number); }

int xpike_wait_idle(const xpike_bus *bus, uint32_t reads) {
  uint32_t status = 0;
  while (reads-- > 0) {
    const int result = bus->read(bus->context, XPIKE_STATUS, &status);
    if (result != XPIKE_DONE) return result;
    if (status & XPIKE_STATUS_IDLE) return XPIKE_DONE;
  }
  return XPIKE_LATE;
}

int xpike_load_constants(const xpike_bus *bus, uint32_t layout, const uint32_t *words, uint32_t count) {
  uint32_t n;
  if (layout != XPIKE_CONSTANT_LAYOUT || count != XPIKE_CONSTANT_COUNT) return XPIKE_FOREIGN;
  for (n = 0; n < count; n++) {
    const int result = bus->write(bus->context, XPIKE_SEEDS + 4 * (XPIKE_PROMPT_SEEDS + n), words[n]);
    if (result != XPIKE_DONE) return result;
  }
  return XPIKE_DONE;
}

int xpike_start(const xpike_bus *bus) { return bus->write(bus->context, XPIKE_CONTROL, XPIKE_CONTROL_START); }

int xpike_clear(const xpike_bus *bus) { return bus->write(bus->context, XPIKE_CONTROL, XPIKE_CONTROL_CLEAR); }

int xpike_enable_interrupts(const xpike_bus *bus, uint32_t events) {
  return bus->write(bus->context, XPIKE_ENABLE, events);
}

int xpike_clear_interrupts(const xpike_bus *bus, uint32_t events) {
  return bus->write(bus->context, XPIKE_PENDING, events);
}

int xpike_send_vectors(const xpike_bus *bus, const uint8_t *vectors) {
  return bus->send(bus->context, vectors, XPIKE_PROMPT_VECTORS);
}

static uint32_t bits_at(const uint8_t *bytes, uint32_t first, uint32_t count) {
  uint32_t value = 0, n;
  for (n = 0; n < count; n++) value |= (uint32_t)(bytes[(first + n) / 8] >> (first + n) % 8 & 1) << n;
  return value;
}

/* Two's complement of XPIKE_TOTAL_WIDTH bits. */
static int32_t total_at(const uint8_t *bytes, uint32_t n) {
  const uint32_t value = bits_at(bytes, n * XPIKE_TOTAL_WIDTH, XPIKE_TOTAL_WIDTH);
  const uint32_t sign = (uint32_t)1 << (XPIKE_TOTAL_WIDTH - 1);
  return (int32_t)(value & (sign - 1)) - (value & sign ? (int32_t)(sign - 1) + 1 : 0);
}

int xpike_take_answers(const xpike_bus *bus, xpike_answer answers[XPIKE_PROMPT_ANSWERS]) {
  uint8_t bytes[XPIKE_PROMPT_ANSWERS * XPIKE_ANSWER_BYTES];
  uint32_t a, n;
  const int result = bus->receive(bus->context, bytes, XPIKE_PROMPT_ANSWERS);
  if (result != XPIKE_DONE) return result;
  for (a = 0; a < XPIKE_PROMPT_ANSWERS; a++) {
    const uint8_t *own = bytes + a * XPIKE_ANSWER_BYTES;
    for (n = 0; n < XPIKE_ANSWER_TOTALS; n++) answers[a].totals[n] = total_at(own, n);
    answers[a].decision = bits_at(own, XPIKE_DECISION_AT, XPIKE_DECISION_WIDTH);
  }
  return XPIKE_DONE;
}

static int run(const xpike_bus *bus, int result, const uint8_t *vectors, xpike_answer answers[XPIKE_PROMPT_ANSWERS]) {
  if (result == XPIKE_DONE) result = xpike_start(bus);
  if (result == XPIKE_DONE) result = xpike_send_vectors(bus, vectors);
  if (result == XPIKE_DONE) result = xpike_take_answers(bus, answers);
  return result;
}

int xpike_run_prompt(const xpike_bus *bus, const uint32_t seeds[XPIKE_PROMPT_SEEDS], const uint8_t *vectors,
                     xpike_answer answers[XPIKE_PROMPT_ANSWERS]) {
  return run(bus, xpike_write_seeds(bus, seeds), vectors, answers);
}

int xpike_run_number(const xpike_bus *bus, uint32_t number, const uint8_t *vectors,
                     xpike_answer answers[XPIKE_PROMPT_ANSWERS]) {
  return run(bus, xpike_expand_seeds(bus, number), vectors, answers);
}

/* Words of the DMA's registers, by direction: control, status, address, length. */
enum { TO_MACHINE = 0x00 / 4, FROM_MACHINE = 0x30 / 4 };
enum { DMA_CONTROL = 0, DMA_STATUS = 1, DMA_ADDRESS = 6, DMA_LENGTH = 10 };
enum { DMA_RUN = 1, DMA_IDLE = 2, DMA_ERRORS = 0x70 };

static int mapped_read(void *context, uint32_t address, uint32_t *word) {
  *word = ((xpike_mapped *)context)->registers[address / 4];
  return XPIKE_DONE;
}

static int mapped_write(void *context, uint32_t address, uint32_t word) {
  ((xpike_mapped *)context)->registers[address / 4] = word;
  return XPIKE_DONE;
}

static int transfer(const xpike_mapped *mapped, int direction, uint32_t address, uint32_t bytes) {
  volatile uint32_t *const dma = mapped->dma + direction;
  uint32_t n;
  dma[DMA_CONTROL] = DMA_RUN;
  dma[DMA_ADDRESS] = address;
  dma[DMA_LENGTH] = bytes;
  for (n = 0; n < mapped->patience; n++) {
    const uint32_t status = dma[DMA_STATUS];
    if (status & DMA_ERRORS) return XPIKE_BROKEN;
    if (status & DMA_IDLE) return XPIKE_DONE;
  }
  return XPIKE_LATE;
}

static int mapped_send(void *context, const uint8_t *vectors, uint32_t count) {
  const xpike_mapped *mapped = context;
  const uint32_t bytes = count * XPIKE_VECTOR_BYTES;
  uint32_t n;
  if (count > XPIKE_PROMPT_VECTORS) return XPIKE_BROKEN;
  for (n = 0; n < bytes; n++) mapped->memory[n] = vectors[n];
  return transfer(mapped, TO_MACHINE, mapped->memory_address, bytes);
}

static int mapped_receive(void *context, uint8_t *answers, uint32_t count) {
  const xpike_mapped *mapped = context;
  const uint32_t bytes = count * XPIKE_ANSWER_BYTES;
  /* Behind the vectors, at the next line of a cache. */
  const uint32_t at = (XPIKE_PROMPT_VECTORS * XPIKE_VECTOR_BYTES + 63) / 64 * 64;
  uint32_t n;
  const int result = transfer(mapped, FROM_MACHINE, mapped->memory_address + at, bytes);
  for (n = 0; result == XPIKE_DONE && n < bytes; n++) answers[n] = mapped->memory[at + n];
  return result;
}

xpike_bus xpike_mapped_bus(xpike_mapped *mapped) {
  const xpike_bus bus = {mapped, mapped_read, mapped_write, mapped_send, mapped_receive};
  return bus;
}
`;

const socketBus = `#define _POSIX_C_SOURCE 200112L
#include "${C_HEADER}"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static int send_all(int line, const uint8_t *bytes, uint32_t count) {
  while (count > 0) {
    const ssize_t sent = send(line, bytes, count, MSG_NOSIGNAL);
    if (sent <= 0) return XPIKE_BROKEN;
    bytes += sent;
    count -= (uint32_t)sent;
  }
  return XPIKE_DONE;
}

static int take_all(int line, uint8_t *bytes, uint32_t count) {
  while (count > 0) {
    const ssize_t got = recv(line, bytes, count, 0);
    if (got <= 0) return XPIKE_BROKEN;
    bytes += got;
    count -= (uint32_t)got;
  }
  return XPIKE_DONE;
}

/* One request and its reply; the reply's first word is in *first. */
static int ask(const xpike_cosim *cosim, uint8_t kind, uint8_t flags, uint32_t *first, uint32_t second,
               const uint8_t *payload, uint32_t bytes) {
  uint8_t frame[${FRAME_BYTES}];
  int n;
  frame[0] = kind;
  frame[1] = flags;
  frame[2] = ${MARK[0]};
  frame[3] = ${MARK[1]};
  for (n = 0; n < 4; n++) {
    frame[4 + n] = (uint8_t)(*first >> 8 * n);
    frame[8 + n] = (uint8_t)(second >> 8 * n);
  }
  if (send_all(cosim->socket, frame, sizeof frame) != XPIKE_DONE) return XPIKE_BROKEN;
  if (send_all(cosim->socket, payload, bytes) != XPIKE_DONE) return XPIKE_BROKEN;
  if (take_all(cosim->socket, frame, sizeof frame) != XPIKE_DONE) return XPIKE_BROKEN;
  if (frame[2] != ${MARK[0]} || frame[3] != ${MARK[1]}) return XPIKE_BROKEN;
  *first = 0;
  for (n = 0; n < 4; n++) *first |= (uint32_t)frame[4 + n] << 8 * n;
  switch (frame[0]) {
    case ${REPLY.done}: return XPIKE_DONE;
    case ${REPLY.refused}: return XPIKE_REFUSED;
    case ${REPLY.late}: return XPIKE_LATE;
    default: return XPIKE_BROKEN;
  }
}

static int cosim_read(void *context, uint32_t address, uint32_t *word) {
  *word = address;
  return ask(context, ${REQUEST.read}, 0, word, 0, 0, 0);
}

static int cosim_write(void *context, uint32_t address, uint32_t word) {
  return ask(context, ${REQUEST.write}, 15, &address, word, 0, 0);
}

static int cosim_send(void *context, const uint8_t *vectors, uint32_t count) {
  const xpike_cosim *cosim = context;
  return ask(cosim, ${REQUEST.send}, 0, &count, cosim->limit, vectors, count * XPIKE_VECTOR_BYTES);
}

static int cosim_receive(void *context, uint8_t *answers, uint32_t count) {
  const xpike_cosim *cosim = context;
  uint32_t taken = count;
  const int result = ask(cosim, ${REQUEST.receive}, 0, &taken, cosim->limit, 0, 0);
  if ((result != XPIKE_DONE && result != XPIKE_LATE) || taken > count) return XPIKE_BROKEN;
  if (take_all(cosim->socket, answers, taken * XPIKE_ANSWER_BYTES) != XPIKE_DONE) return XPIKE_BROKEN;
  return result;
}

int xpike_cosim_open(xpike_cosim *cosim, const char *host, const char *port) {
  const int yes = 1;
  struct addrinfo wanted = {0}, *found = 0;
  cosim->socket = -1;
  cosim->limit = 4 * XPIKE_PROMPT_CLOCKS + 10000;
  wanted.ai_family = AF_INET;
  wanted.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(host, port, &wanted, &found) != 0) return XPIKE_BROKEN;
  cosim->socket = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
  if (cosim->socket < 0 || connect(cosim->socket, found->ai_addr, found->ai_addrlen) < 0) {
    freeaddrinfo(found);
    return XPIKE_BROKEN;
  }
  freeaddrinfo(found);
  setsockopt(cosim->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return XPIKE_DONE;
}

void xpike_cosim_close(xpike_cosim *cosim) {
  close(cosim->socket);
}

int xpike_cosim_quit(xpike_cosim *cosim) {
  uint32_t first = 0;
  const int result = ask(cosim, ${REQUEST.quit}, 0, &first, 0, 0, 0);
  xpike_cosim_close(cosim);
  return result;
}

xpike_bus xpike_cosim_bus(xpike_cosim *cosim) {
  const xpike_bus bus = {cosim, cosim_read, cosim_write, cosim_send, cosim_receive};
  return bus;
}
`;
