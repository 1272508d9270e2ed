"""Template helpers of the plan: units, periods and figures as people read them."""

from dissemination.plan import readings, texts, wording


def init_app(app) -> None:
    """Put the plan's filters on `app`.

    `period_name` is a global too: Jinja works out a filter of a constant while it compiles the template, in
    the language of whoever comes first.
    """
    app.jinja_env.filters.update(
        period_name=texts.period_name, unit_name=texts.unit_name, attribute_name=texts.attribute_name,
        figure_value=texts.shown, verb_name=readings.verb_name,
    )  # fmt: skip
    app.jinja_env.globals.update(
        period_name=texts.period_name, class_name=texts.class_name, prose=wording.prose,
        prospects=wording.prospects,
    )  # fmt: skip
