"""Hours of samples through a device and through its model on this host, in step, with faults."""
