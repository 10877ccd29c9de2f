/** Files of the C driver: `c-driver.ts` and `c-program.ts` write them, and those of a board kit's line (`board/c-uart.ts`). */
export const C_HEADER = "xpike.h";
export const C_DRIVER = "xpike.c";
export const C_SOCKET = "xpike_cosim.c";
export const C_PROGRAM = "xpike_run.c";
/** With a board kit. */
export const C_UART_HEADER = "xpike_uart.h";
export const C_UART = "xpike_uart.c";
export const C_SERIAL = "xpike_serial.c";
/** With the wrapper of a Zynq. */
export const C_UIO_HEADER = "xpike_uio.h";
export const C_UIO = "xpike_uio.c";
