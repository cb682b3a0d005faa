"""Models that are replaced over the line: the public key, the signature library, a slot's image."""
