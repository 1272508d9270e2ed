"""Floor 12: the sample district, loaded through the same actions as a user's."""
