"""Forms that are tuned and portable, and what the instruction sets share."""
