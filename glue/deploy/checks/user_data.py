"""The script in the user data of database.yaml, and the settings that it writes for the scripts of the instance."""

import os
import re

from stack import Stack
from transform import DEPLOY

SCRIPTS = os.path.join(DEPLOY, "database")

# Variables of the scripts themselves, and in which passwords travel; all others are settings.
OWN = {"NEW_PASSWORD", "PGPASSWORD", "ENV"}


def user_data_of(stack: Stack) -> str:
    """Return the user data of the instance of a stack."""
    return str(stack.resources["Instance"]["Properties"]["UserData"])


def script_of(text: str) -> str:
    """Return the shell script in user data."""
    return text.split("text/x-shellscript")[1].split("\n\n", 1)[1].split("\n--part--")[0]


def settings(text: str) -> dict[str, str]:
    """Return the settings that the script in user data writes."""
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", script_of(text), re.MULTILINE))


def settings_of_scripts() -> set[str]:
    """Return the settings that the scripts of the instance read."""
    found: set[str] = set()
    for name in os.listdir(SCRIPTS):
        if name.endswith(".sh"):
            with open(os.path.join(SCRIPTS, name), encoding="utf-8") as file:
                found.update(re.findall(r"\$([A-Z][A-Z_]+)\b", file.read()))
    return found - OWN
