"""Reporting periods: reviewed, signed off and frozen, sent to the Region; its view of all districts."""
