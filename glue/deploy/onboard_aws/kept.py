"""What deleted stacks kept: finding it, and taking it over into a new stack of the same name.

Buckets and table of a pipeline have fixed names, so a new pipeline cannot create them while those of an earlier one are
there.  Its stack is then made of them first, by importing them, and updated to the whole template afterwards.
CloudFormation imports by itself only what has a name without functions ("Import AWS resources into a CloudFormation
stack automatically", AWS CloudFormation User Guide).
"""

from dataclasses import dataclass
from typing import Any

from .calls import Aws, AwsError
from .stacks import Deployment, stack_resources
from .templates import Template

RETAINING = ("Retain", "RetainExceptOnCreate")

# What can be taken over, with the property by which it is imported and named.
NAMES = {"AWS::S3::Bucket": "BucketName", "AWS::DynamoDB::Table": "TableName"}
GONE = ("404", "NoSuchBucket", "ResourceNotFoundException")


@dataclass(frozen=True)
class Resource:
    """A resource of a stack."""

    stack: str
    logical_id: str
    kind: str
    name: str
    policy: str

    @property
    def retained(self) -> bool:
        return self.policy in RETAINING

    def document(self) -> dict[str, str]:
        return {"stack": self.stack, "resource": self.logical_id, "type": self.kind, "name": self.name}


def read_skipped(aws: Aws, stacks: list[str]) -> list[Resource]:
    """Return what deleted stacks of these names retained; CloudFormation remembers it for 90 days."""
    found = []
    for summary in aws.pages("cloudformation", "list_stacks", "StackSummaries", StackStatusFilter=["DELETE_COMPLETE"]):
        if summary["StackName"] in stacks:
            found += [Resource(summary["StackName"], entry["LogicalResourceId"], entry["ResourceType"],
                               str(entry.get("PhysicalResourceId") or ""), "Retain")
                      for entry in stack_resources(aws, summary["StackId"]) if entry["ResourceStatus"] == "DELETE_SKIPPED"]
    return found


def exists(aws: Aws, resource: Resource) -> bool:
    try:
        if resource.kind == "AWS::S3::Bucket":
            aws.read("s3", "head_bucket", Bucket=resource.name)
        else:
            aws.read("dynamodb", "describe_table", TableName=resource.name)
    except AwsError as error:
        if error.code in GONE:
            return False
        raise
    return True


def find_kept(aws: Aws, stack: str, template: Template, given: dict[str, str]) -> dict[str, Resource]:
    """Return what an earlier stack of this name kept and the template would create again, by logical id."""
    created = template.resources(given)
    named = {resource.logical_id: resource for resource in read_skipped(aws, [stack])
             if NAMES.get(resource.kind, "") in (created.get(resource.logical_id, {}).get("Properties") or {})}
    return {logical_id: resource for logical_id, resource in named.items() if exists(aws, resource)}


def declaration(resource: Resource, declared: dict[str, Any]) -> dict[str, Any]:
    """Return a resource as it is declared for its import.

    A table has all its properties, because the update would otherwise add its index again.  A bucket has none but its
    name: others refer to resources that do not exist yet, and setting them again does no harm.
    """
    properties = dict(declared.get("Properties") or {}) if resource.kind == "AWS::DynamoDB::Table" else {}
    return {"Type": resource.kind, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain",
            "Properties": {**properties, NAMES[resource.kind]: resource.name}}


def take_over(deployment: Deployment, stack: str, template: Template, given: dict[str, str]) -> list[Resource]:
    """Make a stack that does not exist of what an earlier one kept; return what that was."""
    if deployment.settle(stack) != "":
        return []
    kept = find_kept(deployment.aws, stack, template, given)
    if kept:
        created = template.resources(given)
        deployment.import_stack(
            stack, {logical_id: declaration(resource, created[logical_id]) for logical_id, resource in kept.items()},
            [{"ResourceType": resource.kind, "LogicalResourceId": logical_id,
              "ResourceIdentifier": {NAMES[resource.kind]: resource.name}} for logical_id, resource in kept.items()])
    return list(kept.values())
