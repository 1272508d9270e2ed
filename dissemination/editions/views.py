"""The pages of the plan as a document."""

from dissemination.editions.desk import desk

blueprints = (desk,)
