"""Newsletters: subscribing, composing, sending, archive."""
