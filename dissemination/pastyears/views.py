"""The pages of past activities."""

from dissemination.pastyears.desk import desk

blueprints = (desk,)
