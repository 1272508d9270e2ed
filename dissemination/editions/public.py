"""The published schema of a plan's JSON."""

from flask import Blueprint, Response

from dissemination.editions import schema

public = Blueprint("editions", __name__)


@public.get("/plan.schema.json")
def plan_schema():
    """The JSON Schema (draft 2020-12) that exports keep and imports are checked against."""
    response = Response(schema.FILE.read_bytes(), content_type="application/schema+json")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
