// A pseudo-terminal as the far end of a simulated board's serial line, for test/support/board-pty.sv.
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static int terminal;
static int taken, dropped;

// Prints the name of the port. The byte of number `drop`, from 1, is lost on its way to the board.
extern "C" void pty_open(int drop) {
  dropped = drop;
  terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) exit(1);
  // Stays open, so that a host may come and go.
  int port = open(ptsname(terminal), O_RDWR | O_NOCTTY);
  struct termios settings;
  tcgetattr(port, &settings);
  cfmakeraw(&settings);
  tcsetattr(port, TCSANOW, &settings);
  printf("%s\n", ptsname(terminal));
  fflush(stdout);
}

// The next byte for the board, or -1 when none comes within so many milliseconds.
extern "C" int pty_read(int milliseconds) {
  struct pollfd poller = {terminal, POLLIN, 0};
  unsigned char byte;
  if (poll(&poller, 1, milliseconds) <= 0 || read(terminal, &byte, 1) != 1) return -1;
  return ++taken == dropped ? -1 : byte;
}

extern "C" void pty_write(int value) {
  unsigned char byte = value;
  if (write(terminal, &byte, 1) != 1) exit(1);
}
