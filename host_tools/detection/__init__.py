"""The on-device chain written once as a float32 and integer specification."""
