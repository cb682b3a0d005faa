// SPDX-License-Identifier: Apache-2.0
// The two technology cells that Ibex leaves to the integrator: a buffer, and a latch-based clock
// gate whose latch is open while the clock is low.
module prim_buf #(
    parameter int Width = 1
) (
    input logic [Width-1:0] in_i,
    output logic [Width-1:0] out_o
);
  assign out_o = in_i;
endmodule

module prim_clock_gating (
    input logic clk_i,
    input logic en_i,
    input logic test_en_i,
    output logic clk_o
);
  logic open  /* verilator clock_enable */;
  always_latch begin
    if (!clk_i) open = en_i | test_en_i;
  end
  assign clk_o = open & clk_i;
endmodule
