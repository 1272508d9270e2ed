"""The pages of visits: the device's, the desk's, and the company's behind its link."""

from dissemination.visits.desk import desk
from dissemination.visits.public import public
from dissemination.visits.report_desk import desk as report
from dissemination.visits.sheet_desk import desk as sheets

blueprints = (desk, sheets, report, public)
