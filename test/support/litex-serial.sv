// The host's end of a LiteX system's serial line. Each word of script.hex, in turn:
//   0BB send the byte BB; 1BB expect it; 2xx wait 256 xx clocks; 300 and 301: the interrupt must be 0 or 1.
module litex_serial;
  localparam int CLOCKS_PER_BIT = 8;
  logic clk = 0, rst = 1, rx = 1;
  wire tx, irq;
  logic [11:0] script[0:65535];
  int bytes = 0;

  xpike_system u_system (.clk(clk), .rst(rst), .irq(irq), .serial_rx(rx), .serial_tx(tx));

  always #5 clk = !clk;

  task automatic send(input logic [7:0] value);
    rx = 0;
    repeat (CLOCKS_PER_BIT) @(posedge clk);
    for (int n = 0; n < 8; n++) begin
      rx = value[n];
      repeat (CLOCKS_PER_BIT) @(posedge clk);
    end
    rx = 1;
    repeat (2 * CLOCKS_PER_BIT) @(posedge clk);
  endtask

  // Replies begin while the last byte of a request is still being sent.
  logic [7:0] replies[$];
  initial begin
    logic [7:0] value;
    forever begin
      do @(posedge clk); while (rst || tx);
      repeat (CLOCKS_PER_BIT / 2) @(posedge clk);
      for (int n = 0; n < 8; n++) begin
        repeat (CLOCKS_PER_BIT) @(posedge clk);
        value[n] = tx;
      end
      repeat (CLOCKS_PER_BIT) @(posedge clk);
      replies.push_back(value);
    end
  end

  task automatic take(output logic [7:0] value);
    int waited = 0;
    while (replies.size() == 0) begin
      @(posedge clk);
      waited++;
      if (waited > 4000) $fatal(1, "FAIL no byte came");
    end
    value = replies.pop_front();
  endtask

  initial begin
    logic [7:0] got;
    $readmemh("script.hex", script);
    repeat (20) @(posedge clk);
    rst = 0;
    repeat (20) @(posedge clk);
    for (int n = 0; script[n] !== 12'hfff; n++) begin
      case (script[n][11:8])
        4'h0: send(script[n][7:0]);
        4'h1: begin
          take(got);
          bytes++;
          if (got !== script[n][7:0]) $fatal(1, "FAIL byte %0d of the replies is %h, not %h", bytes, got, script[n][7:0]);
        end
        4'h2: repeat (256 * int'(script[n][7:0])) @(posedge clk);
        default: if (irq !== script[n][0]) $fatal(1, "FAIL the interrupt is %b at line %0d", irq, n);
      endcase
    end
    $display("PASS %0d bytes of replies", bytes);
    $finish;
  end
endmodule
