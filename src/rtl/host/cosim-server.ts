/**
 * The C++ around Verilator's model of `xpike_axi`: a server of `cosim-protocol.ts` on the loopback interface.
 *
 * It prints its port, serves one driver after another, and ends with its standard input. Assertions are off: after a limit of
 * clocks it withdraws a vector, as a stopped DMA would. `xpike rtl cosim` compiles this text, never one from a folder.
 */
import { registerOf } from "../axi/register-map.ts";
import { AXI_TOP } from "../axi/top.ts";
import { FRAME_BYTES, MARK, MOST_BYTES, MOST_CLOCKS, REPLY_FLAGS, REQUEST, STATUS } from "./cosim-protocol.ts";

export const COSIM_SERVER = "xpike_cosim_server";
/** What the server prints, with its port, when it can be reached. */
export const LISTENING = /^LISTENING (\d+)$/m;
/** Clocks within which the slave must answer an access. */
const ACCESS_CLOCKS = 64;

const register = (name: "SEED_BASE" | "VECTOR_BITS" | "TOTAL_BITS" | "DECISION_BITS") => registerOf(name).offset;

export const cosimServer = `#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>
#include "V${AXI_TOP}.h"
#include "verilated.h"

enum Status : uint8_t { DONE = ${STATUS.done}, REFUSED = ${STATUS.refused}, LATE = ${STATUS.late}, DAMAGED = ${STATUS.damaged} };

static VerilatedContext *context;
static V${AXI_TOP} *top;
static uint64_t clocks;
static uint64_t address_end = UINT32_MAX;
static size_t vector_bytes, answer_bytes;

// Pins of up to 64 bits are integers, wider ones arrays of words.
template <typename Pin> static void put(Pin &pin, const uint8_t *bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; i++) value |= uint64_t(bytes[i]) << (8 * i);
  pin = Pin(value);
}
template <size_t N> static void put(VlWide<N> &pin, const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < N; i++) pin[i] = 0;
  for (size_t i = 0; i < count; i++) pin[i / 4] |= uint32_t(bytes[i]) << (8 * (i % 4));
}
template <typename Pin> static void get(const Pin &pin, uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) bytes[i] = uint8_t(uint64_t(pin) >> (8 * i));
}
template <size_t N> static void get(const VlWide<N> &pin, uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) bytes[i] = uint8_t(pin[i / 4] >> (8 * (i % 4)));
}

// Inputs change while the clock is low; what a rising edge takes is seen before it.
static void settle() {
  top->clk_i = 0;
  top->eval();
}
static void rise() {
  context->timeInc(1);
  top->clk_i = 1;
  top->eval();
  context->timeInc(1);
  clocks++;
}

static Status read_word(uint32_t address, uint32_t &word) {
  if (address >= address_end) return REFUSED;
  top->s_axil_araddr = address;
  top->s_axil_arvalid = 1;
  bool asked = false;
  for (int n = 0; n < ${ACCESS_CLOCKS}; n++) {
    settle();
    const bool taken = top->s_axil_arvalid && top->s_axil_arready;
    if (asked && top->s_axil_rvalid) {
      word = top->s_axil_rdata;
      const bool right = top->s_axil_rresp == 0;
      top->s_axil_rready = 1;
      settle();
      rise();
      top->s_axil_rready = 0;
      return right ? DONE : REFUSED;
    }
    rise();
    if (taken) {
      asked = true;
      top->s_axil_arvalid = 0;
    }
  }
  top->s_axil_arvalid = 0;
  return LATE;
}

static Status write_word(uint32_t address, uint32_t word, uint8_t strobe) {
  if (address >= address_end) return REFUSED;
  top->s_axil_awaddr = address;
  top->s_axil_wdata = word;
  top->s_axil_wstrb = strobe;
  top->s_axil_awvalid = top->s_axil_wvalid = 1;
  for (int n = 0; n < ${ACCESS_CLOCKS}; n++) {
    settle();
    const bool address_taken = top->s_axil_awvalid && top->s_axil_awready;
    const bool word_taken = top->s_axil_wvalid && top->s_axil_wready;
    if (!top->s_axil_awvalid && !top->s_axil_wvalid && top->s_axil_bvalid) {
      const bool right = top->s_axil_bresp == 0;
      top->s_axil_bready = 1;
      settle();
      rise();
      top->s_axil_bready = 0;
      return right ? DONE : REFUSED;
    }
    rise();
    if (address_taken) top->s_axil_awvalid = 0;
    if (word_taken) top->s_axil_wvalid = 0;
  }
  top->s_axil_awvalid = top->s_axil_wvalid = 0;
  return LATE;
}

static Status send_vectors(const uint8_t *bytes, uint32_t count, uint32_t limit, uint32_t &taken) {
  for (taken = 0; taken < count && limit > 0; limit--) {
    put(top->s_axis_tdata, bytes + taken * vector_bytes, vector_bytes);
    top->s_axis_tlast = taken + 1 == count;
    top->s_axis_tvalid = 1;
    settle();
    const bool ready = top->s_axis_tready;
    rise();
    if (ready) taken++;
  }
  top->s_axis_tvalid = 0;
  settle();
  return taken == count ? DONE : LATE;
}

static Status receive_answers(std::vector<uint8_t> &bytes, uint32_t count, uint32_t limit, uint32_t &taken, bool &last) {
  top->m_axis_tready = 1;
  for (taken = 0; taken < count && limit > 0; limit--) {
    settle();
    if (top->m_axis_tvalid) {
      bytes.resize((taken + 1) * answer_bytes);
      get(top->m_axis_tdata, bytes.data() + taken * answer_bytes, answer_bytes);
      last = top->m_axis_tlast;
      taken++;
    }
    rise();
  }
  top->m_axis_tready = 0;
  settle();
  return taken == count ? DONE : LATE;
}

static uint32_t word_at(const uint8_t *bytes) {
  return bytes[0] | uint32_t(bytes[1]) << 8 | uint32_t(bytes[2]) << 16 | uint32_t(bytes[3]) << 24;
}

static bool take(int line, uint8_t *bytes, size_t count) {
  for (size_t got = 0; got < count;) {
    const ssize_t n = recv(line, bytes + got, count - got, 0);
    if (n <= 0) return false;
    got += size_t(n);
  }
  return true;
}

static bool reply(int line, Status status, bool last, uint32_t first, uint32_t second, const std::vector<uint8_t> &payload) {
  std::vector<uint8_t> bytes(${FRAME_BYTES});
  bytes[0] = status;
  bytes[1] = uint8_t(last << ${REPLY_FLAGS.last} | (top->irq_o ? 1 : 0) << ${REPLY_FLAGS.interrupt});
  bytes[2] = ${MARK[0]};
  bytes[3] = ${MARK[1]};
  for (int i = 0; i < 4; i++) {
    bytes[4 + i] = uint8_t(first >> (8 * i));
    bytes[8 + i] = uint8_t(second >> (8 * i));
  }
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = send(line, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += size_t(n);
  }
  return true;
}

// Answers one request; false: the connection ends.
static bool serve(int line, bool &quits) {
  uint8_t frame[${FRAME_BYTES}];
  if (!take(line, frame, sizeof frame)) return false;
  const uint8_t kind = frame[0], flags = frame[1];
  const uint32_t first = word_at(frame + 4), second = word_at(frame + 8);
  std::vector<uint8_t> payload;
  const auto damaged = [&] {
    reply(line, DAMAGED, false, 0, 0, payload);
    return false;
  };
  if (frame[2] != ${MARK[0]} || frame[3] != ${MARK[1]} || flags > (kind == ${REQUEST.write} ? 15 : 0)) return damaged();
  uint32_t word = 0;
  bool last = false;
  switch (kind) {
    case ${REQUEST.read}: {
      if (second != 0) return damaged();
      const Status status = read_word(first, word);
      return reply(line, status, false, word, 0, payload);
    }
    case ${REQUEST.write}: return reply(line, write_word(first, second, flags), false, 0, 0, payload);
    case ${REQUEST.send}: {
      if (first * uint64_t(vector_bytes) > ${MOST_BYTES} || second > ${MOST_CLOCKS}) return damaged();
      std::vector<uint8_t> vectors(first * vector_bytes);
      if (!take(line, vectors.data(), vectors.size())) return false;
      const Status status = send_vectors(vectors.data(), first, second, word);
      return reply(line, status, false, word, 0, payload);
    }
    case ${REQUEST.receive}: {
      if (first * uint64_t(answer_bytes) > ${MOST_BYTES} || second > ${MOST_CLOCKS}) return damaged();
      const Status status = receive_answers(payload, first, second, word, last);
      return reply(line, status, last, word, 0, payload);
    }
    case ${REQUEST.clocks}:
    case ${REQUEST.quit}:
      if (first != 0 || second != 0) return damaged();
      quits = kind == ${REQUEST.quit};
      return reply(line, DONE, false, quits ? 0 : uint32_t(clocks), quits ? 0 : uint32_t(clocks >> 32), payload) && !quits;
    default: return damaged();
  }
}

// Waits until one can be read; false: the standard input has ended.
static bool wait_for(int line) {
  for (;;) {
    pollfd both[2] = {{line, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    if (poll(both, 2, -1) < 0) return false;
    char ignored[256];
    if (both[1].revents && read(STDIN_FILENO, ignored, sizeof ignored) <= 0) return false;
    if (both[0].revents) return true;
  }
}

static size_t constant(uint32_t address) {
  uint32_t word = 0;
  if (read_word(address, word) != DONE) {
    fprintf(stderr, "register %x does not answer\\n", address);
    exit(1);
  }
  return word;
}

int main(int count, char **arguments) {
  context = new VerilatedContext;
  top = new V${AXI_TOP}(context);
  top->test_mode_i = 0;
  top->rst_ni = 1;
  settle();
  top->rst_ni = 0;
  for (int n = 0; n < 4; n++) {
    settle();
    rise();
  }
  settle();
  top->rst_ni = 1;
  settle();
  rise();
  clocks = 0;
  address_end = 2 * constant(${register("SEED_BASE")});
  vector_bytes = (constant(${register("VECTOR_BITS")}) + 7) / 8;
  answer_bytes = (constant(${register("TOTAL_BITS")}) + 7) / 8 + (constant(${register("DECISION_BITS")}) + 7) / 8;

  const int door = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in place = {};
  place.sin_family = AF_INET;
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  place.sin_port = htons(uint16_t(count > 1 ? atoi(arguments[1]) : 0));
  socklen_t length = sizeof place;
  if (bind(door, (sockaddr *)&place, length) < 0 || listen(door, 4) < 0 || getsockname(door, (sockaddr *)&place, &length) < 0) {
    perror("the port cannot be opened");
    return 1;
  }
  printf("LISTENING %d\\n", ntohs(place.sin_port));
  fflush(stdout);
  for (bool quits = false; !quits && wait_for(door);) {
    const int line = accept(door, nullptr, nullptr);
    if (line < 0) continue;
    setsockopt(line, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    while (wait_for(line) && serve(line, quits));
    close(line);
  }
  top->final();
  return 0;
}
`;
