"""How a command fails: exit codes, and the one exception, with the classes of the command line `onboard`.

Exit codes and the members of the JSON document are those of glue/README.md.
"""

from dataclasses import dataclass
from typing import Any

ALL_GOOD = 0
NEEDS_ATTENTION = 1
REFUSED = 2
USAGE = 3
INFRASTRUCTURE = 4

EXIT_CODES = {"usage": USAGE, "file": REFUSED, "not_found": REFUSED, "refused": REFUSED,
              "infrastructure": INFRASTRUCTURE, "internal": INFRASTRUCTURE}


@dataclass
class CommandError(Exception):
    """Why a command failed; `kind` is the class, which determines the exit code, and `hint` says what to do."""

    kind: str
    code: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return self.message

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.kind]

    def document(self) -> dict[str, Any]:
        return {"class": self.kind, "code": self.code, "exit_code": self.exit_code, "message": self.message,
                "hint": self.hint or None}


def usage(message: str, hint: str = "") -> CommandError:
    return CommandError("usage", "USAGE", message, hint)


def not_found(code: str, message: str, hint: str = "") -> CommandError:
    return CommandError("not_found", code, message, hint)


def refused(code: str, message: str, hint: str = "") -> CommandError:
    return CommandError("refused", code, message, hint)


def infrastructure(code: str, message: str, hint: str = "") -> CommandError:
    return CommandError("infrastructure", code, message, hint)
