"""Codes, moments and figures as people read them."""

from datetime import datetime

from device_agents.messages import text


def shown_code(code: str) -> str:
    """A code (a kit's, a laptop's) as its label and the service's pages show it."""
    return f"{code[:4]}-{code[4:]}" if len(code) == 8 else code


def shown_time(moment: str | datetime, language: str) -> str:
    """A kept moment (ISO 8601) as people here read it, on this computer's clock; as it stands where it is none."""
    try:
        there = (datetime.fromisoformat(moment) if isinstance(moment, str) else moment).astimezone()
    except (ValueError, OverflowError):
        return str(moment)
    month = text(language, "station.months").split()[there.month - 1]
    return f"{there.day} {month} {there.year}, {there:%H:%M}"
