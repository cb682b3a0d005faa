"""Forms for RV32IM."""
