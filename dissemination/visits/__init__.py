"""Floor 7: the visit on a phone, also offline; photos, the report, its sharing with the company."""
