"""The version: onboard.control states it; an installed package has it in its metadata."""

import importlib.metadata
import os
import re

CONTROL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "onboard.control")


def read_version() -> str:
    """Return the version of the checkout around this package, else that of the installed package."""
    try:
        with open(CONTROL, encoding="utf-8") as file:
            match = re.search(r"^default_version = '(.*)'", file.read(), re.MULTILINE)
    except OSError:
        return importlib.metadata.version("onboard-aws")
    if not match:
        raise ValueError(f"{CONTROL} states no default_version")
    return match[1]


VERSION = read_version()
