"""The three stacks: their names and outputs, creating and changing them through change sets, and why one failed."""

import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Iterator

from .calls import Answer, Aws, AwsError
from .errors import CommandError, infrastructure, not_found, refused
from .templates import Template

# CloudFormation accepts a larger template only from a bucket ("CloudFormation quotas").
INLINE_BYTES = 51200
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
POLL_SECONDS = 5.0

# Resources that hold data: no command replaces or removes one of them without --replace or --with-data.
DATA_TYPES = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::EC2::Volume", "AWS::SecretsManager::Secret",
              "AWS::KMS::Key")

UNCHANGED = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True)
class StackNames:
    """The names of the stacks of one system."""

    pipeline: str

    @property
    def artifacts(self) -> str:
        return f"{self.pipeline}-artifacts"

    @property
    def database(self) -> str:
        return f"{self.pipeline}-database"


@dataclass
class Change:
    """One resource that a change set would change; `replacement` is True, False or Conditional."""

    action: str
    logical_id: str
    kind: str
    replacement: str

    @property
    def loses_data(self) -> bool:
        return self.kind in DATA_TYPES and (self.action == "Remove" or self.replacement == "True")

    def document(self) -> dict[str, str]:
        return {"action": self.action, "resource": self.logical_id, "type": self.kind, "replacement": self.replacement}


@dataclass
class Outputs:
    """The outputs of a stack, through which everything in it is found."""

    stack: str
    values: dict[str, str]

    def __getitem__(self, name: str) -> str:
        if not self.values.get(name):
            raise infrastructure("NO_OUTPUT", f"stack {self.stack} has no output {name}",
                                 "It was created by another version; run onboard-aws deploy.")
        return self.values[name]

    def get(self, name: str) -> str:
        return self.values.get(name, "")


@dataclass
class Failure:
    """The first resource that failed, which is the reason for the others."""

    logical_id: str
    kind: str
    reason: str
    events: list[str] = field(default_factory=list)


def describe_stack(aws: Aws, name: str) -> Answer | None:
    """Return the description of a stack, None if it does not exist."""
    try:
        stacks = aws.read("cloudformation", "describe_stacks", StackName=name)["Stacks"]
    except AwsError as error:
        if error.code == "ValidationError" and "does not exist" in error.text:
            return None
        raise
    return dict(stacks[0]) if stacks else None


def stack_status(aws: Aws, name: str) -> str:
    """Return the status of a stack, "" if it does not exist."""
    stack = describe_stack(aws, name)
    return "" if stack is None or stack["StackStatus"] == "DELETE_COMPLETE" else str(stack["StackStatus"])


def read_outputs(aws: Aws, name: str) -> Outputs:
    """Return the outputs of a stack that must exist."""
    stack = describe_stack(aws, name)
    if stack is None or stack["StackStatus"] in ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS"):
        raise not_found("UNKNOWN_STACK", f'stack "{name}" does not exist in {aws.region}',
                        "Name the system with --stack, or create it with onboard-aws deploy.")
    return Outputs(name, {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs") or []})


def stack_resources(aws: Aws, name: str) -> list[Answer]:
    return list(aws.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=name))


def template_of_stack(aws: Aws, name: str) -> str:
    """Return the text of the template that a stack was made from."""
    body = aws.read("cloudformation", "get_template", StackName=name, TemplateStage="Original")["TemplateBody"]
    return body if isinstance(body, str) else json.dumps(body)


def new_change_set() -> str:
    """Return a name for a change set."""
    return f"onboard-aws-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"


class Deployment:
    """Creates or updates stacks, one after another, and shows their events.  `bucket` receives templates that are too long."""

    def __init__(self, aws: Aws, poll_seconds: float = POLL_SECONDS) -> None:
        self.aws = aws
        self.bucket = ""
        self.poll_seconds = poll_seconds
        self._seen: set[str] = set()

    def deploy(self, name: str, template: Template, parameters: dict[str, str], may_lose_data: bool = False) -> str:
        """Bring a stack to this template and wait; return created, updated or unchanged.

        Parameters that are not given keep their values in the stack.
        """
        creating = self.settle(name) == ""
        previous = None if creating else self._previous(name)
        if not self.aws.dry_run:
            self._check_parameters(template, {**(previous or {}), **parameters})
        what = "create" if creating else "update"
        if not self.aws.may_write(f"{what} stack {name} from {template.name}.yaml by a change set"):
            return "unchanged"
        changes = self.make_change_set(name, template, parameters, previous)
        if changes is None:
            self.aws.output.note(f"stack {name} is up to date")
            return "unchanged"
        change_set, planned = changes
        losing = [change for change in planned if change.loses_data]
        if losing and not may_lose_data:
            self.delete_change_set(name, change_set)
            raise refused("WOULD_LOSE_DATA", f"the update of stack {name} would remove or replace "
                          + ", ".join(f"{change.logical_id} ({change.kind})" for change in losing),
                          "Nothing was changed. If that data may be lost, repeat the command with --replace.")
        self.aws.output.note(f"{what} stack {name}: {len(planned)} resources to change")
        self._execute(name, change_set, "CREATE_COMPLETE" if creating else "UPDATE_COMPLETE")
        return "created" if creating else "updated"

    def make_change_set(self, name: str, template: Template, parameters: dict[str, str],
                        previous: dict[str, str] | None) -> tuple[str, list[Change]] | None:
        """Make a change set; return its name and changes, or None if nothing would change.

        `previous` has the parameters of the stack, None if it does not exist.
        """
        change_set = new_change_set()
        # Values that stay are not sent again: CloudFormation shows those of secrets as asterisks.
        values = [{"ParameterKey": key, "ParameterValue": parameters[key]} if key in parameters
                  else {"ParameterKey": key, "UsePreviousValue": True}
                  for key in template.parameters if key in parameters or key in (previous or {})]
        try:
            self.aws.write(f"make change set {change_set} of stack {name}", "cloudformation", "create_change_set",
                           StackName=name, ChangeSetName=change_set, Capabilities=CAPABILITIES, Parameters=values,
                           ChangeSetType="CREATE" if previous is None else "UPDATE", **self._template(template))
        except AwsError as error:
            if any(text in error.text for text in UNCHANGED):
                return None
            raise
        return (change_set, self._changes(name, change_set)) if self._is_planned(name, change_set) else None

    def import_stack(self, name: str, resources: dict[str, Any], imported: list[dict[str, Any]]) -> None:
        """Make a stack of resources that exist, without changing them, and wait."""
        if not self.aws.may_write(f"take over into stack {name}: " + ", ".join(resources)):
            return
        change_set = new_change_set()
        self.aws.write(f"make change set {change_set} of stack {name}", "cloudformation", "create_change_set",
                       StackName=name, ChangeSetName=change_set, ChangeSetType="IMPORT", ResourcesToImport=imported,
                       TemplateBody=json.dumps({"Resources": resources}))
        self._is_planned(name, change_set)
        self.aws.output.note(f"take over into stack {name}: {', '.join(resources)}")
        self._execute(name, change_set, "IMPORT_COMPLETE")

    def _execute(self, name: str, change_set: str, wanted: str) -> None:
        self._remember_events(name)
        self.aws.write(f"execute change set {change_set}", "cloudformation", "execute_change_set", StackName=name,
                       ChangeSetName=change_set)
        self._wait(name, wanted)

    def _is_planned(self, name: str, change_set: str) -> bool:
        """Wait until a change set is made; return whether it would change anything."""
        while True:
            described = self.aws.read("cloudformation", "describe_change_set", StackName=name, ChangeSetName=change_set)
            if described["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                break
            self.aws.output.progress(f"stack {name}: planning")
            time.sleep(self.poll_seconds)
        if described["Status"] != "FAILED":
            return True
        self.delete_change_set(name, change_set)
        reason = str(described.get("StatusReason", "no reason was given"))
        if any(text in reason for text in UNCHANGED):
            return False
        raise infrastructure("CHANGE_SET_FAILED", f"stack {name} cannot be changed: {reason}")

    def delete_change_set(self, name: str, change_set: str) -> None:
        self.aws.write(f"delete change set {change_set}", "cloudformation", "delete_change_set", StackName=name,
                       ChangeSetName=change_set)

    def delete(self, name: str) -> None:
        """Delete a stack and wait until it is gone."""
        if not self.aws.may_write(f"delete stack {name}"):
            return
        self._remember_events(name)
        stack = describe_stack(self.aws, name)
        if stack is None:
            return
        self.aws.output.note(f"delete stack {name}")
        self.aws.write(f"delete stack {name}", "cloudformation", "delete_stack", StackName=name)
        # By its id a deleted stack can still be described.
        self._wait(str(stack["StackId"]), "DELETE_COMPLETE")

    def _previous(self, name: str) -> dict[str, str]:
        """Return the parameters that a stack has."""
        stack = describe_stack(self.aws, name) or {}
        return {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in stack.get("Parameters") or []}

    def _check_parameters(self, template: Template, parameters: dict[str, str]) -> None:
        missing = template.missing(parameters)
        if missing:
            raise refused("MISSING_PARAMETER", f"template {template.name}.yaml needs {', '.join(missing)}",
                          "Use --parameter NAME=VALUE for each.")

    def _template(self, template: Template) -> dict[str, str]:
        """Return the template as a call's parameter; a long one is first put into the artifact bucket."""
        body = template.text.encode()
        if len(body) <= INLINE_BYTES:
            return {"TemplateBody": template.text}
        if not self.bucket:
            raise refused("TEMPLATE_TOO_LONG", f"template {template.name}.yaml is longer than {INLINE_BYTES} bytes")
        key = f"templates/{template.name}-{hashlib.sha256(body).hexdigest()[:16]}.yaml"
        self.aws.write(f"upload {key}", "s3", "put_object", Bucket=self.bucket, Key=key, Body=body)
        return {"TemplateURL": f"https://{self.bucket}.s3.{self.aws.region}.amazonaws.com/{key}"}

    def _changes(self, name: str, change_set: str) -> list[Change]:
        found: list[Change] = []
        token: dict[str, str] = {}
        while True:
            page = self.aws.read("cloudformation", "describe_change_set", StackName=name, ChangeSetName=change_set, **token)
            for each in page.get("Changes") or []:
                change = each.get("ResourceChange") or {}
                found.append(Change(change.get("Action", ""), change.get("LogicalResourceId", ""),
                                    change.get("ResourceType", ""), change.get("Replacement", "False")))
            if not page.get("NextToken"):
                return found
            token = {"NextToken": page["NextToken"]}

    def settle(self, name: str) -> str:
        """Wait for what is still in progress, remove what was never created; return the stack's status, "" if none."""
        status = stack_status(self.aws, name)
        if status == "REVIEW_IN_PROGRESS":
            # An earlier run planned its creation but did not execute it.
            self.delete(name)
            return ""
        if status.endswith("_IN_PROGRESS") and not self.aws.dry_run:
            self.aws.output.note(f"stack {name} is {status}; waiting for it")
            self._remember_events(name)
            status = self._wait(name, "")
        if status in ("ROLLBACK_COMPLETE", "DELETE_FAILED", "CREATE_FAILED", "ROLLBACK_FAILED"):
            # Its creation failed, so it cannot be updated, only deleted; resources that hold data are retained.
            self.delete(name)
            return ""
        if status == "UPDATE_ROLLBACK_FAILED":
            raise infrastructure(
                "STACK_STUCK", f"stack {name} is UPDATE_ROLLBACK_FAILED",
                f"Fix the cause and run: aws cloudformation continue-update-rollback --stack-name {name}")
        return "" if status == "DELETE_COMPLETE" else status

    def _events(self, name: str) -> Iterator[Answer]:
        """Yield the events that were not seen before, newest first."""
        for event in self.aws.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=name):
            if event["EventId"] in self._seen:
                return
            yield event

    def _remember_events(self, name: str) -> None:
        try:
            self._seen.update(event["EventId"] for event in self._events(name))
        except AwsError as error:
            if error.code != "ValidationError":
                raise

    def _wait(self, name: str, wanted: str) -> str:
        """Wait until nothing is in progress, showing events; raise an error unless the status is the wanted one."""
        failure: Failure | None = None
        while True:
            stack = describe_stack(self.aws, name)
            status = str(stack["StackStatus"]) if stack else "DELETE_COMPLETE"
            if stack:
                failure = self._show_events(name) or failure
            if not status.endswith("_IN_PROGRESS") and not status.endswith("_CLEANUP_IN_PROGRESS"):
                break
            time.sleep(self.poll_seconds)
        if wanted and status != wanted:
            raise stack_error(str(stack["StackName"] if stack else name), status, failure)
        return status

    def _show_events(self, name: str) -> Failure | None:
        """Show new events; return the first failure among them."""
        failure = None
        events = list(self._events(name))
        self._seen.update(event["EventId"] for event in events)
        for event in reversed(events):
            status, logical_id = event["ResourceStatus"], event["LogicalResourceId"]
            self.aws.output.progress(f"{status.lower().replace('_', ' ')}: {logical_id}")
            reason = str(event.get("ResourceStatusReason") or "")
            if status.endswith("_FAILED") and "cancelled" not in reason and failure is None:
                failure = Failure(logical_id, event["ResourceType"], reason)
        return failure


# Hints for the reasons that CloudFormation reports, by a text in them.
REMEDIES = [
    ("already exists", "It is left from a system that was deleted more than 90 days ago, or is another's: remove or rename"
                       " it, or choose another name for the stack."),
    ("is not authorized to perform", "Ask the owner of the account to allow this action, then run the command again."),
    ("not empty", "Repeat with --with-data, or empty the bucket yourself."),
    ("network interface", "Lambda releases network interfaces up to 30 minutes after functions are deleted; repeat then."),
    ("dependent object", "Lambda releases network interfaces up to 30 minutes after functions are deleted; repeat then."),
    ("image manifest", "Lambda does not accept an image index; push the image that make image builds."),
    ("ReservedConcurrentExecutions", "The account's quota of concurrency is too small: ask for more in Service Quotas."),
    ("limit", "Ask for more in Service Quotas, then run the command again."),
    ("timed out", "Read the instance's log (EC2 console, Get system log), then run the command again."),
    ("signal", "Read the instance's log (EC2 console, Get system log), then run the command again."),
]


def stack_error(name: str, status: str, failure: Failure | None) -> CommandError:
    """Return the error for a stack that did not reach the wanted status."""
    if failure is None:
        return infrastructure("STACK_FAILED", f"stack {name} is {status}", "Run the same command again.")
    hint = next((remedy for text, remedy in REMEDIES if text.lower() in failure.reason.lower()),
                "Fix the cause and run the same command again; it resumes where it stopped.")
    return infrastructure("STACK_FAILED", f"stack {name} is {status}: {failure.logical_id} ({failure.kind}): "
                          f"{failure.reason or 'no reason was given'}", hint)
