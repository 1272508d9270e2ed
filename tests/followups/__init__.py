"""Tests of dissemination/followups."""
