"""Floor 9: topics, subscriptions, and issues composed of workshops, publications and text."""
