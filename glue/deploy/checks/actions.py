"""Look up every action in the templates' policies in parliament's copy of AWS's list.

    actions.py

CloudFormation creates a role with a misspelt action, and so do emulators; it just allows nothing.  Prints TAP, one claim for
each template.
"""

import sys
import warnings
from typing import Any, Iterator

from stack import as_list
from transform import transformed_template

with warnings.catch_warnings():
    # It reads its list with a module that is deprecated.
    warnings.simplefilter("ignore")
    from parliament import UnknownActionException, UnknownPrefixException, expand_action

TEMPLATES = ("artifacts", "database", "pipeline")


def actions_in(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the actions of all policies in a part of a template, each after the path of its policy."""
    if isinstance(value, list):
        for item in value:
            yield from actions_in(item, path)
    elif isinstance(value, dict):
        for statement in as_list(value.get("Statement", [])):
            for member in ("Action", "NotAction"):
                yield from ((path, action) for action in as_list(statement.get(member, [])))
        for name, item in value.items():
            yield from actions_in(item, f"{path}/{name}" if path else name)


def is_known(action: str) -> bool:
    """Return whether AWS has the action, or one that matches it."""
    try:
        return bool(expand_action(action))
    except (UnknownActionException, UnknownPrefixException):
        return False


def main() -> int:
    print(f"1..{len(TEMPLATES)}")
    failed = False
    for number, name in enumerate(TEMPLATES, 1):
        found = list(actions_in(transformed_template(name)["Resources"]))
        unknown = [f"{path}: {action}" for path, action in found if not is_known(action)]
        good = bool(found) and not unknown
        count = len({action for _, action in found})
        print(f"{'ok' if good else 'not ok'} {number} - AWS has the {count} actions in {name}.yaml")
        for line in unknown:
            print(f"#   no such action in {line}")
        failed |= not good
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
