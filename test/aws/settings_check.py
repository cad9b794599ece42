"""Check that event_sources.json is consistent and its schedules are valid on AWS.

Sources: Amazon EventBridge User Guide, "Setting a schedule pattern for scheduled rules"; AWS Secrets Manager User Guide,
"Schedule expressions in Secrets Manager rotation".
"""

import re
from typing import Any, Iterator

RATE = re.compile(r"rate\((1 (?:minute|hour|day)|(?!0|1 )\d+ (?:minutes|hours|days))\)")
CRON = re.compile(r"cron\([^ ()]+( [^ ()]+){5}\)")

# The shortest rotation interval; its expressions have no minutes.
ROTATION_HOURS = 4
DURATION = re.compile(r"[1-9]\d?h")


class SettingsError(ValueError):
    """The settings are inconsistent; the message names all inconsistencies."""


def is_schedule(expression: str) -> bool:
    return bool(RATE.fullmatch(expression) or CRON.fullmatch(expression))


def is_rotation(expression: str) -> bool:
    """Return whether a schedule rotates at an interval of at least four hours, or at a time that names an hour, not a
    minute."""
    rate = re.fullmatch(r"rate\((\d+) (hours?|days?)\)", expression)
    if rate and is_schedule(expression):
        return int(rate[1]) * (24 if rate[2].startswith("day") else 1) >= ROTATION_HOURS
    return bool(CRON.fullmatch(expression)) and expression.startswith("cron(0 ")


def contradictions(settings: dict[str, Any]) -> Iterator[str]:
    functions, queues, secrets = settings["Functions"], settings["Queues"], settings["Secrets"]
    for kind in ("EventSourceMappings", "Schedules", "RotationSchedules"):
        for name, entry in settings[kind].items():
            if entry["FunctionName"] not in functions:
                yield f"{kind} {name} names an unknown function"
    for name, mapping in settings["EventSourceMappings"].items():
        source = mapping["EventSource"]
        if source.get("Queue", next(iter(queues))) not in queues or \
                source.get("Stream", settings["Table"]["TableName"]) != settings["Table"]["TableName"]:
            yield f"EventSourceMappings {name} has no source"
    for name, schedule in settings["Schedules"].items():
        if not is_schedule(schedule["ScheduleExpression"]):
            yield f"Schedules {name} has no valid schedule"
    for name, rotation in settings["RotationSchedules"].items():
        if rotation["Secret"] not in secrets:
            yield f"RotationSchedules {name} names an unknown secret"
        rules = rotation["RotationRules"]
        if not is_rotation(rules["ScheduleExpression"]) or not DURATION.fullmatch(rules["Duration"]):
            yield f"RotationSchedules {name} has no valid schedule"
    for function, kind in (("sweeper", "Schedules"), ("rotate", "RotationSchedules")):
        if [entry["FunctionName"] for entry in settings[kind].values()].count(function) != 1:
            yield f"{function} does not have exactly one schedule"
    if secrets.get("administrator") in (None, secrets["database"]):
        yield "rotate has no administrator secret"
    if any(rotation["Secret"] == "administrator" for rotation in settings["RotationSchedules"].values()):
        yield "rotate cannot rotate the secret that it needs"


def check_settings(settings: dict[str, Any]) -> None:
    found = list(contradictions(settings))
    if found:
        raise SettingsError("; ".join(found))
