"""Structured log lines: an event and its facts. structlog is loaded with the first line that is written."""


class _Log:
    def __getattr__(self, level: str):
        from structlog import get_logger

        return getattr(get_logger(), level)


log = _Log()
"""`log.info("event", fact=value)`, also `warning`, `error` and `exception`. No personal data."""
