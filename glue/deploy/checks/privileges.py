"""Compare what functions called in the tests with what their roles allow: nothing is missing, and nothing is unused.

    privileges.py FOLDER

FOLDER has the calls that test/aws/call_record.py recorded in the end-to-end tests.  Prints TAP, two claims for each
function.  What is allowed and not called in tests needs a reason in UNCALLED.
"""

import glob
import json
import os
import re
import sys
from typing import Any, Iterable, Iterator

from stack import PIPELINE_PARAMETERS, Stack, as_list, statements
from transform import transformed_template

Permission = tuple[str, str]
Statement = dict[str, Any]

# Statements, by their ids, whose actions no code of the functions calls: Lambda does, with the function's role.
UNCALLED = {
    "EventSource": "Lambda reads queues and the stream; in the tests, test/aws/event_sources.py does",
    "FindStream": "Lambda lists streams to find the table's",
    "Discard": "Lambda sends the positions of records that it discards; in the tests, event_sources.py does",
    "Log": "Lambda writes what functions print to their log group",
    "Trace": "Lambda sends the traces of invocations to X-Ray",
    "NetworkInterfaces": "Lambda connects functions to the VPC",
}


# A secret that tests name where there should be none; a role denies it, which is the same for the function.
ABSENT = ":secret:no/such/secret"


class PolicyError(ValueError):
    """A policy has something that is not understood here; the message quotes it."""


# Handlers, each with the permissions that its functions' calls needed.
Called = dict[str, set[Permission]]


# ----- what was called -----

def read_lines(folder: str) -> Iterator[dict[str, Any]]:
    for path in sorted(glob.glob(os.path.join(folder, "*.jsonl"))):
        with open(path, encoding="utf-8") as file:
            yield from map(json.loads, file)


def read_record(folder: str, stack: Stack) -> Called:
    """Read the recorded calls of functions; a resource is the one that the deployed function has in the same variable."""
    lines = list(read_lines(folder))
    functions = {line["key"]: line for line in lines if "handler" in line}
    called: Called = {}
    for line in lines:
        function = functions.get(line["key"])
        if "action" in line and function and not line["resource"].endswith(ABSENT):
            resource = deployed(stack, function["handler"], function["resources"], line["resource"])
            called.setdefault(function["handler"], set()).add((line["action"], resource))
    return called


def deployed(stack: Stack, handler: str, resources: dict[str, str], arn: str) -> str:
    """Return the ARN in the stack of what a function in a test called by this ARN, or the same if it is unknown."""
    variables = stack.functions()[handler]["Environment"]["Variables"]
    # Exact names before patterns.
    for variable, pattern in sorted(resources.items(), key=lambda item: "*" in item[1]):
        match = re.fullmatch(re.escape(pattern).replace(r"\*", "[^/]*") + "(/.*)?", arn, re.DOTALL)
        if match and variables.get(variable):
            return stack.arn(variables[variable]) + (match[1] or "")
    return arn


# ----- what is allowed -----

def role_statements(stack: Stack, handler: str) -> list[Statement]:
    """Return the statements of the role of a handler's function."""
    name = stack.functions()[handler]["Role"].rpartition("/")[2]
    role = next(properties for logical_id, properties in stack.of("AWS::IAM::Role").items()
                if stack.identity(logical_id)["Ref"] == name)
    return [statement for policy in role["Policies"] for statement in statements(policy["PolicyDocument"])]


def matches(pattern: str, text: str, flags: int = 0) -> bool:
    """Return whether a text matches a pattern of IAM, in which * is any text and ? is any character."""
    regex = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(regex, text, flags | re.DOTALL) is not None


def covers(statement: Statement, permission: Permission) -> bool:
    action, resource = permission
    unknown = set(statement) - {"Sid", "Effect", "Action", "Resource", "Condition"}
    if unknown:
        raise PolicyError(f"members {sorted(unknown)}")
    return any(matches(pattern, action, re.IGNORECASE) for pattern in statement["Action"]) and \
        any(matches(pattern, resource) for pattern in statement["Resource"])


def holds(condition: dict[str, Any], context: dict[str, str]) -> bool:
    """Return whether a condition holds: all operators on all keys, each with any of its values."""
    return all(holds_one(operator, context.get(key.lower()), [str(value) for value in as_list(values)])
               for operator, keys in condition.items() for key, values in keys.items())


def holds_one(operator: str, value: str | None, wanted: list[str]) -> bool:
    if operator == "Null":
        return str(value is None).lower() in wanted
    if operator in ("StringEquals", "Bool"):
        return value in wanted
    if operator in ("StringLike", "ArnEquals", "ArnLike"):
        return value is not None and any(matches(pattern, value) for pattern in wanted)
    raise PolicyError(f"operator {operator}")


def call_context(stack: Stack, handler: str) -> dict[str, str]:
    """Return the condition keys of a call by a function's code."""
    function = stack.functions()[handler]
    return {"lambda:sourcefunctionarn": stack.arn(function["FunctionName"]), "aws:principalarn": function["Role"],
            "aws:securetransport": "true"}


def is_allowed(policy: Iterable[Statement], permission: Permission, context: dict[str, str]) -> bool:
    """Return whether statements allow what a call needs: one allows it, and no one denies it."""
    effects = {statement["Effect"] for statement in policy
               if covers(statement, permission) and holds(statement.get("Condition", {}), context)}
    return effects == {"Allow"}


# ----- the comparison -----

def missing(stack: Stack, handler: str, called: set[Permission]) -> Iterator[str]:
    """Yield what a handler called and its role does not allow."""
    policy, context = role_statements(stack, handler), call_context(stack, handler)
    for action, resource in sorted(called):
        if not is_allowed(policy, (action, resource), context):
            yield f"{action} on {resource} was called and is not allowed"


def unused(stack: Stack, handler: str, called: set[Permission]) -> Iterator[str]:
    """Yield what the role of a handler allows and no call needed, unless there is a reason."""
    for statement in role_statements(stack, handler):
        if statement["Effect"] != "Allow" or statement.get("Sid") in UNCALLED:
            continue
        for action in statement["Action"]:
            for resource in statement["Resource"]:
                part = {**statement, "Action": [action], "Resource": [resource]}
                if not any(covers(part, permission) for permission in called):
                    yield f"{action} on {resource} is allowed and was never called"


def compare(stack: Stack, called: Called) -> Iterator[tuple[str, list[str]]]:
    """Yield claims, each with what is wrong about it."""
    for handler in sorted(stack.functions()):
        needed = called.get(handler, set())
        yield f"{handler}: the role allows its {len(needed)} different calls", list(missing(stack, handler, needed))
        yield f"{handler}: the role allows nothing else", list(unused(stack, handler, needed))


def main() -> int:
    if len(sys.argv) != 2 or not os.path.isdir(sys.argv[1]):
        print("usage: privileges.py FOLDER", file=sys.stderr)
        return 2
    stack = Stack(transformed_template("pipeline"), PIPELINE_PARAMETERS)
    claims = list(compare(stack, read_record(sys.argv[1], stack)))
    print(f"1..{len(claims)}")
    for number, (claim, problems) in enumerate(claims, 1):
        print(f"{'not ok' if problems else 'ok'} {number} - {claim}")
        for problem in problems:
            print(f"#   {problem}")
    return 1 if any(problems for _, problems in claims) else 0


if __name__ == "__main__":
    sys.exit(main())
