"""Tests of dissemination/privacy."""
