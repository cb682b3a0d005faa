"""Forms for the M-profile vector extension (Helium) of Cortex-M55 and M85."""
