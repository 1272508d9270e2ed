"""The pages of the log."""

from dissemination.seals.desk import desk

blueprints = (desk,)
