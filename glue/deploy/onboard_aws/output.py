"""What a command prints: its result on standard output, notes and progress on standard error.

With --json, standard output is one document.  Progress overwrites one line of a terminal; a pipe receives only notes.
Nothing printed here may be a password, a key or a signature.
"""

import json
import re
import sys
import time
from typing import Any, Iterable, TextIO

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
PROGRAM = "onboard-aws"


def plain(text: object) -> str:
    """Return a text without the control characters that a file's name or a message may contain."""
    return CONTROL.sub("?", str(text))


class Output:
    """The output of one command.  `document` is what --json prints at the end."""

    def __init__(self, as_json: bool = False, stdout: TextIO | None = None, stderr: TextIO | None = None) -> None:
        self.as_json = as_json
        self.document: dict[str, Any] = {}
        self._stdout = stdout or sys.stdout
        self._stderr = stderr or sys.stderr
        self._progress = ""
        self._began = time.monotonic()

    @property
    def on_terminal(self) -> bool:
        return self._stderr.isatty()

    def line(self, text: str = "") -> None:
        """Print a line of the result, for a person."""
        if not self.as_json:
            self.clear()
            print(plain(text), file=self._stdout, flush=True)

    def table(self, headings: list[str], rows: Iterable[Iterable[object]]) -> None:
        cells = [headings, *[["" if cell is None else plain(cell) for cell in row] for row in rows]]
        widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
        for row in cells:
            self.line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

    def note(self, text: str) -> None:
        """Report what happens, even in a pipe: once for each step of a long command."""
        self.clear()
        print(f"{PROGRAM}: {plain(text)}", file=self._stderr, flush=True)

    def progress(self, text: str) -> None:
        """Show what is in progress and for how long, only on a terminal; replaces the previous line."""
        if not self.on_terminal:
            return
        seconds = int(time.monotonic() - self._began)
        self.clear()
        self._progress = f"{seconds // 60}:{seconds % 60:02} {plain(text)}"[:100]
        print(self._progress, end="", file=self._stderr, flush=True)

    def clear(self) -> None:
        """Remove the line of progress."""
        if self._progress:
            print("\r" + " " * len(self._progress) + "\r", end="", file=self._stderr, flush=True)
            self._progress = ""

    def error(self, message: str, hint: str) -> None:
        self.note(message)
        if hint:
            print(plain(hint), file=self._stderr, flush=True)

    def end(self) -> None:
        """Print the document, if one is wanted."""
        self.clear()
        if self.as_json:
            json.dump(self.document, self._stdout, indent="\t", ensure_ascii=False)
            print(file=self._stdout, flush=True)
