"""Floor 8: topics, subscriptions, and issues composed of workshops, publications and text."""
