"""The pages of evidence."""

from dissemination.proofs.desk import desk

blueprints = (desk,)
