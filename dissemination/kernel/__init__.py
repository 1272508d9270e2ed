"""Floor 0: what every package stands on. Knows nothing of districts, people or mail."""
