"""Template helpers of the plan: units, periods and figures as people read them."""

from dissemination.plan import texts


def init_app(app) -> None:
    """Put the plan's filters on `app`."""
    app.jinja_env.filters.update(
        period_name=texts.period_name, unit_name=texts.unit_name, attribute_name=texts.attribute_name,
        figure_value=texts.shown,
    )  # fmt: skip
