"""What this package adds to the plan's page."""

from dissemination.editions import queries


def init_app(app) -> None:
    """Let the plan's page say whether the plan is approved."""
    app.jinja_env.globals.update(plan_approval=queries.approval)
