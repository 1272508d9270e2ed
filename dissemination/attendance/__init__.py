"""Floor 7: who was there, the evidence, and the closing of a workshop."""
