"""What an assertion on a template is, and what the assertions share.

An assertion is a function of the resolved stack that yields what is wrong.  Each belongs to one template or to several,
by the decorators below.
"""

import json
from typing import Any, Callable, Iterator

from stack import ACCOUNT, REGION, Stack, as_list, statements

Assertion = Callable[[Stack], Iterator[str]]

DAY = 24 * 60 * 60
RUNBOOK = "glue/deploy/RUNBOOK.md"

# The handlers, each with the timeout of its function in seconds.
HANDLERS = {"parser": 300, "direct": 900, "validator": 60, "reporter": 120, "sweeper": 300, "link": 10, "rotate": 60,
            "check": 30, "operator": 30}

PIPELINE: list[Assertion] = []
ARTIFACTS: list[Assertion] = []
DATABASE: list[Assertion] = []


def pipeline(assertion: Assertion) -> Assertion:
    PIPELINE.append(assertion)
    return assertion


def artifacts(assertion: Assertion) -> Assertion:
    ARTIFACTS.append(assertion)
    return assertion


def database(assertion: Assertion) -> Assertion:
    DATABASE.append(assertion)
    return assertion


def problems(assertion: Assertion, stack: Stack) -> list[str]:
    """Return what an assertion finds; a template that lacks what it looks for is a problem, too."""
    try:
        return list(assertion(stack))
    except (KeyError, IndexError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        return [f"{type(error).__name__}: {error}"]


def differences(name: str, found: Any, wanted: Any) -> Iterator[str]:
    if found != wanted:
        yield f"{name} is {json.dumps(found, default=str)}, not {json.dumps(wanted, default=str)}"


def policy_of(stack: Stack, kind: str, member: str, reference: str) -> list[dict[str, Any]]:
    """Return the statements of the resource policies of a queue, topic or bucket."""
    return [statement for policy in stack.of(kind).values() if reference in as_list(policy.get(member))
            for statement in statements(policy.get("PolicyDocument", {"Statement": []}))]


def only(stack: Stack, kind: str) -> dict[str, Any]:
    """Return the properties of the only resource of a type; none if it is missing."""
    properties: dict[str, Any] = next(iter(stack.of(kind).values()), {})
    return properties


def refuses_plain_text(found: list[dict[str, Any]], actions: list[str], resources: list[str]) -> bool:
    return any(statement["Effect"] == "Deny" and statement.get("Principal") == "*" and statement["Action"] == actions
               and statement["Resource"] == resources
               and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}} for statement in found)


def queue_arn(stack: Stack, output: str) -> str:
    return stack.arn(stack.outputs[output])


def table(stack: Stack) -> dict[str, Any]:
    return only(stack, "AWS::DynamoDB::Table")


def uploads(stack: Stack) -> dict[str, Any]:
    return next((bucket for bucket in stack.of("AWS::S3::Bucket").values() if bucket.get("BucketName") == bucket_name(stack)), {})


def bucket_name(stack: Stack) -> str:
    return f"{stack.name}-{ACCOUNT}-{REGION}"
