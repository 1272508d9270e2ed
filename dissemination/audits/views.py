"""The blueprint of this package."""

from dissemination.audits import (  # noqa: F401 (they add pages to `desk`)
    appointments_desk,
    contents_desk,
    imports_desk,
    steps_desk,
)
from dissemination.audits.desk import desk

blueprints = (desk,)
