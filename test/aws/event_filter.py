"""Filter patterns of event source mappings ("Control which events Lambda sends to your function").

A pattern is an object shaped like the event whose leaves are lists: a value passes if one element of the list matches
it.  Elements are strings, numbers, null, or one of the comparisons below.  Other operators of the service are rejected
rather than ignored.
"""

import json
from typing import Any

MISSING = object()


def element_matches(element: Any, value: Any) -> bool:
    if not isinstance(element, dict):
        return type(element) is type(value) and element == value
    (operator, operand), = element.items()
    if operator == "exists":
        return (value is not MISSING) is operand
    if operator == "prefix":
        return isinstance(value, str) and value.startswith(operand)
    if operator == "suffix":
        return isinstance(value, str) and value.endswith(operand)
    if operator == "anything-but":
        return value is not MISSING and value not in (operand if isinstance(operand, list) else [operand])
    raise ValueError(f"filter with an unsupported operator:  {operator}")


def matches(pattern: dict[str, Any], value: Any) -> bool:
    for name, wanted in pattern.items():
        found = value.get(name, MISSING) if isinstance(value, dict) else MISSING
        if isinstance(wanted, dict):
            if not matches(wanted, found):
                return False
        elif not any(element_matches(element, found) for element in wanted):
            return False
    return True


class Filter:
    """The criteria of one mapping: an event passes if any pattern matches it, or if there are no patterns."""

    def __init__(self, criteria: dict[str, Any] | None) -> None:
        patterns = [entry["Pattern"] for entry in (criteria or {}).get("Filters", [])]
        # A deployment template contains them as JSON text.
        self.patterns = [json.loads(pattern) if isinstance(pattern, str) else pattern for pattern in patterns]

    def passes(self, event: dict[str, Any]) -> bool:
        return not self.patterns or any(matches(pattern, event) for pattern in self.patterns)
