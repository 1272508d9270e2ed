"""The blueprint of this package."""

from dissemination.statistics.desk import desk

blueprints = (desk,)
