"""Floor 8: who was there, the evidence, and the closing of a workshop."""
