"""Read database.yaml: as a document, and the script in its user data."""

from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

TEMPLATE = Path(__file__).resolve().parents[1] / "templates/database.yaml"


class TemplateLoader(yaml.SafeLoader):  # type: ignore[misc]
    """Reads the short forms of a template's functions as one-entry mappings."""


def construct_function(loader: TemplateLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


TemplateLoader.add_multi_constructor("!", construct_function)


def load_template() -> dict[str, Any]:
    """Return database.yaml as a document."""
    with open(TEMPLATE) as file:
        template = yaml.load(file, TemplateLoader)
    assert isinstance(template, dict)
    return template


def user_data(values: dict[str, str]) -> str:
    """Return the script in the template's user data, with values in the place of its references."""
    text = load_template()["Resources"]["Instance"]["Properties"]["UserData"]["Fn::Base64"]["Fn::Sub"]
    assert isinstance(text, str)
    script = text.split("text/x-shellscript")[1].split("\n\n", 1)[1].split("\n--part--")[0]
    for name, value in values.items():
        script = script.replace(f"${{{name}}}", value)
    assert "${" not in script, "a reference without a value"
    # The stand-ins answer at once or not at all.
    return script.replace("attempts=60", "attempts=1")
