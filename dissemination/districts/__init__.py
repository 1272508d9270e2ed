"""Floor 2: the district (tenant), its sectors and its settings."""
