"""The blueprints of this package."""

from flask import Blueprint

public = Blueprint("subscriptions", __name__)
desk = Blueprint("subscriptions_desk", __name__, url_prefix="/<district>/desk/subscriptions")
