"""Floor 11: a company's whole story with the district, its own page by link, and what workshops led to."""
