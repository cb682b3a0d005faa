// SPDX-License-Identifier: Apache-2.0
// Ibex with its two buses, its interrupts and its retirement port as the simulator's pins. What the
// core does not use here (debug, integrity, scrambling, scan) is tied off.
module safe_ibex
  import ibex_pkg::*;
#(
    parameter bit SingleCycleMultiplier = 1'b1,
    parameter bit BranchTargetALU = 1'b1,
    parameter bit WritebackStage = 1'b1
) (
    input logic clk_i,
    input logic rst_ni,
    input logic [31:0] boot_addr_i,
    output logic instr_req_o,
    input logic instr_rvalid_i,
    output logic [31:0] instr_addr_o,
    input logic [31:0] instr_rdata_i,
    input logic instr_err_i,
    output logic data_req_o,
    input logic data_rvalid_i,
    output logic data_we_o,
    output logic [3:0] data_be_o,
    output logic [31:0] data_addr_o,
    output logic [31:0] data_wdata_o,
    input logic [31:0] data_rdata_i,
    input logic data_err_i,
    input logic irq_timer_i,
    input logic irq_external_i,
    output logic sleep_o,
    output logic retired_o,
    output logic [31:0] retired_pc_o
);
  ibex_top #(
      .RV32M(SingleCycleMultiplier ? RV32MSingleCycle : RV32MFast),
      .BranchTargetALU(BranchTargetALU),
      .WritebackStage(WritebackStage)
  ) u_ibex (
      .clk_i,
      .rst_ni,
      .test_en_i(1'b0),
      .ram_cfg_i('0),
      .hart_id_i(32'd0),
      .boot_addr_i,
      .instr_req_o,
      .instr_gnt_i(instr_req_o),  // one-cycle memory: granted at once, answered a cycle later
      .instr_rvalid_i,
      .instr_addr_o,
      .instr_rdata_i,
      .instr_rdata_intg_i('0),
      .instr_err_i,
      .data_req_o,
      .data_gnt_i(data_req_o),
      .data_rvalid_i,
      .data_we_o,
      .data_be_o,
      .data_addr_o,
      .data_wdata_o,
      .data_wdata_intg_o(),
      .data_rdata_i,
      .data_rdata_intg_i('0),
      .data_err_i,
      .irq_software_i(1'b0),
      .irq_timer_i,
      .irq_external_i,
      .irq_fast_i('0),
      .irq_nm_i(1'b0),
      .scramble_key_valid_i(1'b0),
      .scramble_key_i('0),
      .scramble_nonce_i('0),
      .scramble_req_o(),
      .debug_req_i(1'b0),
      .crash_dump_o(),
      .double_fault_seen_o(),
      .rvfi_valid(retired_o),
      .rvfi_pc_rdata(retired_pc_o),
      .fetch_enable_i(IbexMuBiOn),
      .alert_minor_o(),
      .alert_major_internal_o(),
      .alert_major_bus_o(),
      .core_sleep_o(sleep_o),
      .scan_rst_ni(1'b1)
  );
endmodule
