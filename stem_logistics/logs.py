"""Structured logs on standard error: one line a thing, with the request's id; never a local variable's value."""

import logging
import sys
from typing import Any

import structlog

from stem_logistics.settings import Settings


def configure_logging(settings: Settings) -> None:
    """Write logs as the settings say. Tracebacks carry no variables: those hold names and secrets."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    if settings.log_format == "json":
        shared += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        shared += [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    structlog.configure(
        processors=shared,
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.log_level)),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
