"""destroy: delete a system's stacks, in the reverse order of their creation.

Data is kept unless --with-data: the resources that the templates retain, and the stack of artifacts, whose bucket and
repository cannot be deleted before they are emptied.  Retained resources are found through their stack even after its
deletion, so --with-data also removes what an earlier run kept, or did not reach.  A network can only be deleted once
Lambda has released the functions' network interfaces, which takes up to 30 minutes, so its deletion is repeated.
"""

import sys
import time
from typing import Any, Callable

from .calls import Aws, AwsError
from .command import Command
from .errors import CommandError, not_found, refused
from .kept import Resource, read_skipped
from .stacks import Deployment, stack_resources, stack_status, template_of_stack
from .templates import parse_template
from .upload_form import role_path

INTERFACES_SECONDS = 2700.0


def read_resources(aws: Aws, stack: str) -> list[Resource]:
    declared = parse_template(stack, template_of_stack(aws, stack)).content.get("Resources") or {}
    return [Resource(stack, entry["LogicalResourceId"], entry["ResourceType"], str(entry.get("PhysicalResourceId") or ""),
                     str((declared.get(entry["LogicalResourceId"]) or {}).get("DeletionPolicy", "Delete")))
            for entry in stack_resources(aws, stack) if entry["ResourceStatus"] != "DELETE_COMPLETE"]


def empty_bucket(aws: Aws, bucket: str) -> None:
    """Delete all versions of all objects."""
    if not aws.may_write(f"delete all objects of bucket {bucket}"):
        return
    batch: list[dict[str, str]] = []
    number = 0

    def flush() -> None:
        answer = aws.write("delete objects", "s3", "delete_objects", Bucket=bucket,
                           Delete={"Objects": batch, "Quiet": True})
        if answer.get("Errors"):
            first = answer["Errors"][0]
            raise refused("NOT_EMPTIED", f"bucket {bucket} cannot be emptied: {first.get('Message', first.get('Code'))}")

    for member in ("Versions", "DeleteMarkers"):
        for entry in aws.pages("s3", "list_object_versions", member, Bucket=bucket):
            batch.append({"Key": entry["Key"], "VersionId": entry["VersionId"]})
            number += 1
            if len(batch) == 1000:
                flush()
                batch = []
                aws.output.progress(f"{number} objects of bucket {bucket} deleted")
    if batch:
        flush()


def empty_repository(aws: Aws, repository: str) -> None:
    images = list(aws.pages("ecr", "list_images", "imageIds", repositoryName=repository))
    for start in range(0, len(images), 100):
        aws.write(f"delete the images of repository {repository}", "ecr", "batch_delete_image",
                  repositoryName=repository, imageIds=images[start:start + 100])


def remove_bucket(aws: Aws, name: str) -> None:
    empty_bucket(aws, name)
    aws.write(f"delete bucket {name}", "s3", "delete_bucket", Bucket=name)


def remove_table(aws: Aws, name: str) -> None:
    if aws.read("dynamodb", "describe_table", TableName=name)["Table"].get("DeletionProtectionEnabled"):
        aws.write(f"unprotect table {name}", "dynamodb", "update_table", TableName=name, DeletionProtectionEnabled=False)
    aws.write(f"delete table {name}", "dynamodb", "delete_table", TableName=name)


# How to remove what a stack retained, by type.  Other types are only listed.
REMOVERS: dict[str, Callable[[Aws, str], Any]] = {
    "AWS::S3::Bucket": remove_bucket,
    # It goes with its bucket.
    "AWS::S3::BucketPolicy": lambda aws, name: None,
    "AWS::DynamoDB::Table": remove_table,
    "AWS::EC2::Volume": lambda aws, name: aws.write(f"delete volume {name}", "ec2", "delete_volume", VolumeId=name),
    # Secrets Manager keeps it for the recovery window, 30 days.
    "AWS::SecretsManager::Secret": lambda aws, name: aws.write(
        f"delete secret {name}", "secretsmanager", "delete_secret", SecretId=name),
    "AWS::KMS::Key": lambda aws, name: aws.write(
        f"delete key {name}", "kms", "schedule_key_deletion", KeyId=name, PendingWindowInDays=30),
    "AWS::Logs::LogGroup": lambda aws, name: aws.write(
        f"delete log group {name}", "logs", "delete_log_group", logGroupName=name),
}
GONE = ("NoSuchBucket", "ResourceNotFoundException", "InvalidVolume.NotFound", "NotFoundException", "RepositoryNotFoundException",
        "InvalidRequestException")


def is_kept(resource: Resource, with_data: bool) -> bool:
    return resource.retained and not (with_data and resource.kind in REMOVERS)


def confirm(command: Command) -> None:
    """Ask for the name; in a pipe, only --yes confirms."""
    name = command.stack
    if command.aws.dry_run:
        return
    given = command.options.yes
    if not given and sys.stdin.isatty() and command.output.on_terminal:
        print(f'Type the name "{name}" to delete this system: ', end="", file=sys.stderr, flush=True)
        given = sys.stdin.readline().strip()
    if given != name:
        raise refused("NOT_CONFIRMED", f'the name "{name}" was not confirmed; nothing is deleted',
                      f"Repeat with --yes {name}.")


def vendor_roles(aws: Aws, stack: str) -> list[str]:
    return [role["RoleName"] for role in aws.pages("iam", "list_roles", "Roles", PathPrefix=role_path(stack))]


def remove_role(aws: Aws, name: str) -> None:
    for policy in aws.pages("iam", "list_role_policies", "PolicyNames", RoleName=name):
        aws.write(f"delete policy {policy} of role {name}", "iam", "delete_role_policy", RoleName=name, PolicyName=policy)
    aws.write(f"delete role {name}", "iam", "delete_role", RoleName=name)


def is_about_interfaces(error: CommandError) -> bool:
    return error.code == "STACK_FAILED" and any(text in error.message.lower() for text in
                                                ("dependent object", "has dependencies", "network interface", "in use"))


def delete_stack(command: Command, deployment: Deployment, stack: str) -> None:
    """Delete a stack; retry while network interfaces of functions hold its network."""
    end = time.monotonic() + INTERFACES_SECONDS
    while True:
        try:
            deployment.delete(stack)
            return
        except CommandError as error:
            if not is_about_interfaces(error) or time.monotonic() >= end:
                raise
            command.output.note(f"stack {stack} waits until Lambda releases its network interfaces, up to 30 minutes")
        time.sleep(min(60.0, 12 * command.poll_seconds))


def remove_data(aws: Aws, resources: list[Resource]) -> None:
    """Remove what a deleted stack retained."""
    for resource in resources:
        if resource.retained and resource.kind in REMOVERS:
            try:
                REMOVERS[resource.kind](aws, resource.name)
            except AwsError as error:
                # An earlier run removed it.
                if error.code not in GONE:
                    raise


def prepare_deletion(aws: Aws, resources: list[Resource]) -> None:
    """Empty the resources at which the deletion of a stack would fail."""
    for resource in resources:
        if resource.kind == "AWS::S3::Bucket" and not resource.retained:
            empty_bucket(aws, resource.name)
        elif resource.kind == "AWS::ECR::Repository":
            empty_repository(aws, resource.name)


def show_plan(command: Command, resources: dict[str, list[Resource]], kept: list[Resource], roles: list[str],
              keeps_artifacts: bool) -> None:
    output = command.output
    for stack, found in resources.items():
        output.line(f"delete   {stack}: {len(found)} resources")
    for role in roles:
        output.line(f"delete   role {role}, made by vendor add")
    for resource in kept:
        output.line(f"keep     {resource.kind} {resource.name} of {resource.stack}")
    if keeps_artifacts:
        output.line(f"keep     {command.names.artifacts}: image and package set; they cost cents a month")
    output.line("Lambda releases network interfaces up to 30 minutes after the functions are deleted; the network is last.")


def run(command: Command) -> int:
    aws, names, with_data = command.aws, command.names, bool(command.options.with_data)
    order = [names.pipeline, names.database, names.artifacts]
    present = [stack for stack in order if stack_status(aws, stack)]
    skipped = read_skipped(aws, order) if with_data else []
    if not present and not skipped:
        raise not_found("UNKNOWN_STACK", f'system "{command.stack}" does not exist in {aws.region}')
    keeps_artifacts = names.artifacts in present and not with_data
    deleted = [stack for stack in present if not (keeps_artifacts and stack == names.artifacts)]
    resources = {stack: read_resources(aws, stack) for stack in deleted}
    kept = [each for found in [skipped, *resources.values()] for each in found if is_kept(each, with_data)]
    roles = vendor_roles(aws, names.pipeline)
    show_plan(command, resources, kept, roles, keeps_artifacts)
    for resource in skipped:
        command.output.line(f"delete   {resource.kind} {resource.name}, which an earlier {resource.stack} left")
    confirm(command)
    deployment = Deployment(aws, command.poll_seconds)
    for role in roles:
        remove_role(aws, role)
    for stack in deleted:
        if with_data:
            prepare_deletion(aws, resources[stack])
        delete_stack(command, deployment, stack)
        if with_data:
            remove_data(aws, resources[stack])
    remove_data(aws, skipped)
    command.output.document.update({"deleted": [] if aws.dry_run else deleted,
                                    "kept": [each.document() for each in kept],
                                    "kept_stacks": [names.artifacts] if keeps_artifacts else [], "roles": roles})
    return 0
