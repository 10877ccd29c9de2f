// The board `BOARD, whose serial line ends at a pseudo-terminal (board-pty.cpp): the name of the port is printed first.
module board_pty;
  import "DPI-C" function void pty_open(int drop);
  import "DPI-C" function int pty_read(int milliseconds);
  import "DPI-C" function void pty_write(int value);

  localparam int BitClocks = 8;
  // Byte times of silence after which the simulation waits for the host without computing.
  localparam int Patience = 400;

  logic clk = 1'b0;
  logic rst_n = 1'b0;
  logic rx = 1'b1;
  logic tx;
  logic [3:0] led;
  logic [7:0] moving, arrived;
  int value, drop, silence;

  always #5 clk = ~clk;

  `BOARD #(
    .ClocksPerBit(BitClocks)
  ) u_board (
    .clk_i(clk), .rst_ni(rst_n), .uart_rx_i(rx), .uart_tx_o(tx), .led_o(led)
  );

  initial begin
    if (!$value$plusargs("drop=%d", drop)) drop = 0;
    pty_open(drop);
    repeat (2) @(negedge clk);
    rst_n = 1'b1;
    repeat (4) @(negedge clk);
    forever begin
      value = pty_read(silence > Patience ? 20 : 0);
      if (value < 0) begin
        silence = silence + 1;
        repeat (10 * BitClocks) @(negedge clk);
      end else begin
        silence = 0;
        moving = value[7:0];
        rx = 1'b0;
        repeat (BitClocks) @(negedge clk);
        for (int n = 0; n < 8; n++) begin
          rx = moving[0];
          moving = {1'b0, moving[7:1]};
          repeat (BitClocks) @(negedge clk);
        end
        rx = 1'b1;
        repeat (BitClocks) @(negedge clk);
      end
    end
  end

  initial begin
    wait (rst_n);
    forever begin
      @(negedge tx);
      repeat (BitClocks / 2) @(negedge clk);
      for (int n = 0; n < 8; n++) begin
        repeat (BitClocks) @(negedge clk);
        arrived = {tx, arrived[7:1]};
      end
      repeat (BitClocks) @(negedge clk);
      pty_write({24'd0, arrived});
      silence = 0;
    end
  end
endmodule
