"""Invoking the functions: the handlers `check` and `operator`, which reach the database from inside the VPC."""

import json
from typing import Any

from .calls import Aws
from .errors import infrastructure, not_found, refused
from .stacks import Outputs

# Refusals caused by the request, as opposed to failures of the pipeline.
UNKNOWN = ("UNKNOWN_VENDOR", "UNKNOWN_UPLOAD", "UNKNOWN_MAP")

Document = dict[str, Any]


def invoke(aws: Aws, function: str, event: Document) -> Document:
    """Invoke a function and return its answer.  The caller decides whether this writes."""
    answer = aws.read("lambda", "invoke", FunctionName=function, Payload=json.dumps(event).encode())
    payload = answer["Payload"].read()
    try:
        document = json.loads(payload or b"{}")
    except ValueError as error:
        raise infrastructure("ANSWER_INVALID", f"function {function} did not answer with JSON") from error
    if answer.get("FunctionError"):
        code = str(document.get("errorType", "Unknown"))
        message = str(document.get("errorMessage", "no message"))
        if code.rpartition(".")[2] in UNKNOWN:
            raise not_found(code, message)
        raise infrastructure(code, f"function {function} failed: {message}",
                             f"Its log group is /aws/lambda/{function}; the codes are in glue/lambda/README.md.")
    if not isinstance(document, dict):
        raise infrastructure("ANSWER_INVALID", f"function {function} did not answer with an object")
    return document


class Operator:
    """The handler `operator` of a pipeline."""

    def __init__(self, aws: Aws, outputs: Outputs) -> None:
        self.aws = aws
        self.function = outputs["OperatorFunctionName"]

    def ask(self, command: str, **arguments: Any) -> Document:
        """Send a command that changes nothing, even in a dry run."""
        return self._answer({"command": command, **arguments})

    def change(self, what: str, command: str, **arguments: Any) -> Document:
        """Send a command that changes something; return {} in a dry run."""
        return self._answer({"command": command, **arguments}) if self.aws.may_write(what) else {}

    def _answer(self, event: Document) -> Document:
        document = invoke(self.aws, self.function, event)
        error = document.get("error")
        if isinstance(error, dict):
            code, message = str(error.get("code", "REFUSED")), str(error.get("message", "refused"))
            raise (not_found if code in UNKNOWN else refused)(code, message, str(error.get("hint") or ""))
        return document
