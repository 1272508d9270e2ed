"""Floor 10: issues composed of workshops, publications and text, and their sending."""
