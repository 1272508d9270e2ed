"""Presence statistics: booked, came and stayed away, by workshop, sector, time and place; which companies."""
