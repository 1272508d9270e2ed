"""Floor 6: technology audits in companies: planning, appointment, what was found, scores, closing."""
