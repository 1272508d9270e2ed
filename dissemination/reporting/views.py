"""The pages of reporting: the desk, its documents, the Region's view, the public page."""

from dissemination.reporting import downloads
from dissemination.reporting.desk import desk
from dissemination.reporting.public import transparency
from dissemination.reporting.region import region

blueprints = (desk, region, transparency)
__all__ = ["blueprints", "downloads"]
