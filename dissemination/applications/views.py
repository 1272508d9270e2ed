"""The pages of applications: at the desk, and the page behind the link in mails about calls."""

from dissemination.applications import alerts_desk as alerts_desk  # adds its pages to the desk's blueprint
from dissemination.applications import areas_desk as areas_desk
from dissemination.applications import files_desk as files_desk
from dissemination.applications.desk import desk
from dissemination.applications.public import public

blueprints = (public, desk)
