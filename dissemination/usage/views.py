"""The pages of usage."""

from dissemination.usage.desk import desk

blueprints = (desk,)
