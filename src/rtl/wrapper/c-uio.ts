/** Linux UIO for the C driver: registers, DMA and buffer as three devices whose first map is mapped into the program. */
import type { SourceFiles } from "../design.ts";
import { C_HEADER, C_UIO, C_UIO_HEADER } from "../host/c-names.ts";
import { commented } from "../kit/bundle.ts";

/** Texts by file name. @param origin first lines, without comment marks */
export const uioFiles = (origin: string): SourceFiles => {
  const first = `${commented("//", origin)}\n//\n`;
  return { [C_UIO_HEADER]: first + header, [C_UIO]: first + source };
};

const header = `#ifndef XPIKE_UIO_H
#define XPIKE_UIO_H
#include "${C_HEADER}"

/* Registers, DMA and buffer, in this order. */
enum { XPIKE_UIO_DEVICES = 3 };

typedef struct {
  xpike_mapped mapped;
  void *maps[XPIKE_UIO_DEVICES];
  unsigned long sizes[XPIKE_UIO_DEVICES];
} xpike_uio;

/* Maps devices such as /dev/uio0; the address of the buffer is that of its map in /sys/class/uio. What is 0 is not open. */
int xpike_uio_open(xpike_uio *uio, const char *const devices[XPIKE_UIO_DEVICES]);
void xpike_uio_close(xpike_uio *uio);

#endif
`;

const source = `#define _POSIX_C_SOURCE 200112L
#include "${C_UIO_HEADER}"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef XPIKE_UIO_CLASS
#define XPIKE_UIO_CLASS "/sys/class/uio"
#endif

/* Of a device's first map: "addr" or "size". */
static int fact(const char *device, const char *what, unsigned long *value) {
  const char *const name = strrchr(device, '/');
  char path[256];
  FILE *file;
  int found;
  if (snprintf(path, sizeof path, XPIKE_UIO_CLASS "/%s/maps/map0/%s", name == NULL ? device : name + 1, what) >= (int)sizeof path)
    return XPIKE_BROKEN;
  file = fopen(path, "r");
  if (file == NULL) return XPIKE_BROKEN;
  found = fscanf(file, "%lx", value);
  fclose(file);
  return found == 1 ? XPIKE_DONE : XPIKE_BROKEN;
}

static int map_device(const char *device, void **map, unsigned long *size) {
  int file;
  if (fact(device, "size", size) != XPIKE_DONE) return XPIKE_BROKEN;
  file = open(device, O_RDWR | O_SYNC);
  if (file < 0) return XPIKE_BROKEN;
  *map = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (*map != MAP_FAILED) return XPIKE_DONE;
  *map = NULL;
  return XPIKE_BROKEN;
}

int xpike_uio_open(xpike_uio *uio, const char *const devices[XPIKE_UIO_DEVICES]) {
  /* As mapped_receive lays them out. */
  const unsigned long needed = (XPIKE_PROMPT_VECTORS * XPIKE_VECTOR_BYTES + 63) / 64 * 64 + XPIKE_PROMPT_ANSWERS * XPIKE_ANSWER_BYTES;
  unsigned long address = 0;
  int n;
  memset(uio, 0, sizeof *uio);
  for (n = 0; n < XPIKE_UIO_DEVICES; n++)
    if (map_device(devices[n], &uio->maps[n], &uio->sizes[n]) != XPIKE_DONE) break;
  if (n < XPIKE_UIO_DEVICES || fact(devices[2], "addr", &address) != XPIKE_DONE || uio->sizes[2] < needed || address >> 16 >> 16 != 0) {
    xpike_uio_close(uio);
    return XPIKE_BROKEN;
  }
  uio->mapped.registers = uio->maps[0];
  uio->mapped.dma = uio->maps[1];
  uio->mapped.memory = uio->maps[2];
  uio->mapped.memory_address = (uint32_t)address;
  uio->mapped.patience = 100000000;
  return XPIKE_DONE;
}

void xpike_uio_close(xpike_uio *uio) {
  int n;
  for (n = 0; n < XPIKE_UIO_DEVICES; n++) {
    if (uio->maps[n] != NULL) munmap(uio->maps[n], uio->sizes[n]);
    uio->maps[n] = NULL;
  }
}
`;
