"""What the functions say of themselves: the tables of glue/lambda/README.md, which test/tap/040_readme.pl compares with the
program, and the program's table of metrics."""

import functools
import os
import re

LAMBDA = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "lambda")
PAGE = os.path.join(LAMBDA, "README.md")
METRICS = os.path.join(LAMBDA, "metrics.c")
VARIABLES = "| Variable | Values | Default | Handlers | Meaning |"


@functools.cache
def table_rows(header: str) -> list[list[str]]:
    """Return the cells of the rows below a table's header."""
    with open(PAGE, encoding="utf-8") as file:
        lines = file.read().splitlines()
    rows = []
    for line in lines[lines.index(header) + 2:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def names(cell: str, handler: str) -> bool:
    """Return whether a cell of the column "Handlers" names a handler: all, all except some, or some."""
    named = re.search(rf"\b{handler}\b", cell) is not None
    return not named if cell.startswith("all except") else named or cell == "all"


@functools.cache
def variables(handler: str) -> dict[str, bool]:
    """Return the environment variables that a handler uses, each with whether it requires it."""
    return {name.strip("`"): default == "required" or default.startswith("required by") and names(default, handler)
            for name, _, default, whose, _ in table_rows(VARIABLES) if names(whose, handler)}


@functools.cache
def default(variable: str) -> str:
    """Return the default of an environment variable."""
    return next(cell.strip("`") for name, _, cell, _, _ in table_rows(VARIABLES) if name.strip("`") == variable)


@functools.cache
def written_metrics() -> frozenset[str]:
    """Return the names of the metrics that functions write: rows of the table with a unit."""
    with open(METRICS, encoding="utf-8") as file:
        return frozenset(re.findall(r'= \{"(\w+)", "', file.read()))
