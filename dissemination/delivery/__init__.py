"""Floor 1: every mail. Letters compiled once, one row per recipient, and the worker that sends."""
