"""Templates as CloudFormation sees them: read as onboard-aws reads them, and transformed as AWS transforms SAM's resources.

Offline: the transform is AWS's own code (aws-sam-translator), which only asks AWS for managed policies, and no template
here has any.
"""

import copy
import functools
import logging
import os
import sys
from typing import Any

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform

DEPLOY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TEMPLATES = os.path.join(DEPLOY, "templates")
sys.path.insert(1, DEPLOY)

# The command has to be installable alone, so the reader is its own.
from onboard_aws import templates  # noqa: E402

# It warns that its statistics of use were not published; they are not wanted.
logging.getLogger("samtranslator").setLevel(logging.ERROR)

# The transform insists on a region; nothing in its result depends on it.
REGION = "us-east-1"


class TransformError(ValueError):
    """The transform rejects the template; the message has its reasons."""


class NoManagedPolicies:
    """Stands for the list of AWS's managed policies, which takes a call."""

    def load(self) -> dict[str, str]:
        return {}


def read_template(name: str) -> dict[str, Any]:
    """Return the source of a template; its short forms, like !Ref, become the long ones."""
    return templates.read_template(name, TEMPLATES).content


def transform_template(source: dict[str, Any]) -> dict[str, Any]:
    """Return what CloudFormation creates from a template's source; references stay unresolved."""
    if "Transform" not in source:
        return copy.deepcopy(source)
    configured = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = REGION
    try:
        transformed: dict[str, Any] = transform(copy.deepcopy(source), {}, NoManagedPolicies())
    except InvalidDocumentException as error:
        raise TransformError("; ".join(cause.message for cause in error.causes)) from error
    finally:
        del os.environ["AWS_DEFAULT_REGION"]
        if configured is not None:
            os.environ["AWS_DEFAULT_REGION"] = configured
    return transformed


@functools.cache
def _transformed(name: str) -> dict[str, Any]:
    return transform_template(read_template(name))


def transformed_template(name: str) -> dict[str, Any]:
    """Return a copy of a transformed template of this tree; each is transformed once per process."""
    return copy.deepcopy(_transformed(name))
