"""The pages of the plan: public figures, figures on the desk, the plan editor."""

from dissemination.plan import editor, row_pages, rule_pages, rulebook_pages
from dissemination.plan.desk import desk
from dissemination.plan.public import plan

blueprints = (plan, desk)
__all__ = ["blueprints", "editor", "row_pages", "rule_pages", "rulebook_pages"]
