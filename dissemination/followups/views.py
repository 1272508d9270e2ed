"""The blueprints of this package."""

from dissemination.followups.desk import desk

blueprints = (desk,)
