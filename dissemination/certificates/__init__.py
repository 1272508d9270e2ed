"""Certificates of attendance, and the public page that verifies them."""
