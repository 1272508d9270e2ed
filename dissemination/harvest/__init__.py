"""Floor 9: what other programs fetch: OAI-PMH for aggregators, sitemaps for search engines."""
