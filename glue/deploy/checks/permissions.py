"""What each function's role must allow: the table of glue/lambda/README.md, with the ARNs of a stack."""

import re
from typing import Any, Callable, Iterator

from page import names, table_rows
from stack import Stack, statements

HEADER = "| Action | On | Handlers |"

# A cell of the column "On" to the variable that names the resource, and what of the resource is meant.
VARIABLE = re.compile(r"`([A-Z_]+)`")
FOLDERS = {"`UPLOAD_PREFIX*`": "uploads/*", "`ERROR_PREFIX*`": "errors/*"}

Permission = tuple[str, str]


class PageError(ValueError):
    """The table on the page cannot be understood; the message quotes the cell."""


def actions(cell: str) -> list[str]:
    """Return the actions of a cell, of which only the first names its service."""
    named = re.findall(r"`([\w:*]+)`", cell)
    service = named[0].partition(":")[0]
    return [name if ":" in name else f"{service}:{name}" for name in named]


def resources(stack: Stack, handler: str, cell: str) -> list[str]:
    """Return the ARNs, or the patterns, that a cell of the column "On" means for a handler."""
    function = stack.functions()[handler]
    phrases: dict[str, Callable[[], Any]] = {
        "everything": lambda: "*",
        "its log group": lambda: stack.arn(function["LoggingConfig"]["LogGroup"]),
        "the queue or stream that it reads": lambda: source(stack, handler)["EventSourceArn"],
        "the queue of discarded records": lambda: source(stack, handler)["DestinationConfig"]["OnFailure"]["Destination"],
    }
    for phrase, found in phrases.items():
        if cell.startswith(phrase):
            return [str(found())]
    folder = next((part for name, part in FOLDERS.items() if name in cell), None)
    if folder or cell.startswith("the bucket"):
        bucket = stack.arn(stack.outputs["BucketName"])
        return [f"{bucket}/{folder}" if folder else bucket]
    named, given = VARIABLE.findall(cell), function["Environment"]["Variables"]
    if not named or not set(named) <= set(given):
        raise PageError(f"{handler}: {cell}")
    return [stack.arn(given[variable]) for variable in named]


def source(stack: Stack, handler: str) -> dict[str, Any]:
    """Return the properties of a handler's event source mapping."""
    mappings: Iterator[dict[str, Any]] = iter(stack.of("AWS::Lambda::EventSourceMapping").values())
    return next(mapping for mapping in mappings if stack.handler_of(mapping["FunctionName"]) == handler)


def required(stack: Stack, handler: str) -> set[Permission]:
    """Return the actions, each with its resource, that the page says a handler needs."""
    return {(action, resource) for what, where, whose in table_rows(HEADER) if names(whose, handler)
            for action in actions(what) for resource in resources(stack, handler, where)}


def allowed(stack: Stack, handler: str) -> set[Permission]:
    """Return the actions, each with its resource, that the role of a handler's function allows."""
    name = stack.functions()[handler]["Role"].rpartition("/")[2]
    role = next(properties for logical_id, properties in stack.of("AWS::IAM::Role").items()
                if stack.identity(logical_id)["Ref"] == name)
    return set(permissions_of(role))


def permissions_of(role: dict[str, list[dict[str, object]]]) -> Iterator[Permission]:
    for policy in role.get("Policies", []):
        for statement in statements(policy["PolicyDocument"]):
            if statement["Effect"] == "Allow":
                yield from ((action, where) for action in statement["Action"] for where in statement["Resource"])
