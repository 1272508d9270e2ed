"""Mails before and after a workshop, by rules that the organiser sets."""
