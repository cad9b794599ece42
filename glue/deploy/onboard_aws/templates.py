"""The stacks' templates: reading them, and which resources they create with given parameters.

Enough of CloudFormation's functions are evaluated here to know conditions and counts before anything is created: Ref to
a parameter, Equals, And, Or, Not, If and Condition.  Everything else stays as it is.
"""

import os
from dataclasses import dataclass, field
from typing import Any

import yaml  # type: ignore[import-untyped]

from .errors import refused

HERE = os.path.dirname(os.path.abspath(__file__))
# Next to the module in an installed package, next to the package in a checkout.
FOLDERS = (os.path.join(HERE, "templates"), os.path.join(os.path.dirname(HERE), "templates"))


class Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML with the short forms of CloudFormation's functions."""


def short_form(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    """Return the long form of a function: !Ref X is {"Ref": "X"}, !Sub X is {"Fn::Sub": "X"}."""
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", short_form)


@dataclass
class Template:
    """One template: its text, and what it declares."""

    name: str
    text: str
    content: dict[str, Any] = field(repr=False)

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        return dict(self.content.get("Parameters") or {})

    def values(self, given: dict[str, str]) -> dict[str, Any]:
        """Return the values of all parameters: given ones, else defaults."""
        return {name: given.get(name, declared.get("Default", "")) for name, declared in self.parameters.items()}

    def missing(self, given: dict[str, str]) -> list[str]:
        """Return the parameters that have neither a value nor a default."""
        return [name for name, declared in self.parameters.items() if "Default" not in declared and name not in given]

    def resources(self, given: dict[str, str]) -> dict[str, dict[str, Any]]:
        """Return the resources that these parameters create, with conditions in their properties evaluated."""
        values = self.values(given)
        conditions = dict(self.content.get("Conditions") or {})
        created = {}
        for name, resource in (self.content.get("Resources") or {}).items():
            if "Condition" in resource and not is_true({"Condition": resource["Condition"]}, values, conditions):
                continue
            created[name] = evaluate(resource, values, conditions)
        return created


def is_true(condition: Any, values: dict[str, Any], conditions: dict[str, Any]) -> bool:
    result = evaluate(condition, values, conditions)
    return result is True or str(result).lower() == "true"


def evaluate(value: Any, values: dict[str, Any], conditions: dict[str, Any]) -> Any:
    """Return a value with the known functions evaluated."""
    def inner(part: Any) -> Any:
        return evaluate(part, values, conditions)

    if isinstance(value, list):
        items = [inner(item) for item in value]
        return [item for item in items if item != {"Ref": "AWS::NoValue"}]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (function, argument), = value.items()
        if function == "Ref":
            return values.get(argument, value)
        if function == "Condition" and isinstance(argument, str) and argument in conditions:
            return is_true(conditions[argument], values, conditions)
        if function == "Fn::If":
            chosen = argument[1] if is_true({"Condition": argument[0]}, values, conditions) else argument[2]
            return inner(chosen)
        if function == "Fn::Equals":
            return str(inner(argument[0])) == str(inner(argument[1]))
        if function == "Fn::Not":
            return not is_true(argument[0], values, conditions)
        if function == "Fn::And":
            return all(is_true(part, values, conditions) for part in argument)
        if function == "Fn::Or":
            return any(is_true(part, values, conditions) for part in argument)
    return {name: inner(part) for name, part in value.items()}


def parse_template(name: str, text: str) -> Template:
    try:
        content = yaml.load(text, Loader)
    except yaml.YAMLError as error:
        raise refused("TEMPLATE_INVALID", f"template {name} is not valid YAML: {error}") from error
    if not isinstance(content, dict) or "Resources" not in content:
        raise refused("TEMPLATE_INVALID", f"template {name} declares no resources")
    return Template(name, text, content)


def read_template(name: str, folder: str = "") -> Template:
    """Read NAME.yaml from a folder, by default that of this program."""
    folders = [folder] if folder else FOLDERS
    path = next((path for path in (os.path.join(each, f"{name}.yaml") for each in folders) if os.path.isfile(path)), "")
    if not path:
        raise refused("NO_TEMPLATE", f"template {name}.yaml does not exist in {folders[-1]}",
                      "Use --templates with the folder of the templates.")
    with open(path, encoding="utf-8") as file:
        return parse_template(name, file.read())
