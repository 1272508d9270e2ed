"""Floor 5: the chain over the activity log, its printed heads, and what verifies both."""
