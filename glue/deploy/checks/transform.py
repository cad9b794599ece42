"""Templates as CloudFormation sees them: read with its short forms, and transformed as AWS transforms SAM's resources.

Offline: the transform is AWS's own code (aws-sam-translator), which only asks AWS for managed policies, and no template
here has any.
"""

import copy
import functools
import logging
import os
from typing import Any

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

TEMPLATES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "templates")

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


def template_path(name: str) -> str:
    return os.path.join(TEMPLATES, f"{name}.yaml")


def read_template(name: str) -> dict[str, Any]:
    """Return the source of a template; its short forms, like !Ref, become the long ones."""
    with open(template_path(name), encoding="utf-8") as file:
        source: dict[str, Any] = yaml_parse(file.read())
    return source


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
