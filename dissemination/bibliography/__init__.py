"""Floor 1: bibliographic records as values, and the formats they are read from and written in."""
