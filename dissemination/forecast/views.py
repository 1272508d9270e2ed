"""The pages of the forecast."""

from dissemination.forecast.desk import desk

blueprints = (desk,)
