"""Subscriptions: topics, double opt-in, preferences, leaving."""
