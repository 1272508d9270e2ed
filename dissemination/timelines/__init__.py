"""Floor 11: what a district did with a company, in order of time; what led to what."""
