"""Which stacks a system consists of, with their templates and parameters: what deploy creates and check examines."""

import argparse
import os
from dataclasses import dataclass, field
from typing import Any

from .calls import Aws
from .errors import refused, usage
from .image import Image
from .stacks import Outputs, StackNames, describe_stack, read_outputs
from .templates import Template, read_template
from .version import CONTROL

# Options that are parameters of a template, by the option's name in Python.
PARAMETER_OPTIONS = {"database": "DatabaseSecretArn", "administrator": "AdministratorSecretArn",
                     "operator": "OperatorSecretArn", "subnets": "SubnetIds", "security_groups": "SecurityGroupIds",
                     "alarm_email": "AlarmEmail", "budget": "MonthlyBudget", "zones": "Zones"}
ONLY_WITH_DATABASE = ("administrator", "operator", "subnets", "security_groups")

# The parameters of the pipeline that the database's stack outputs, with the names of those outputs.
FROM_DATABASE = {"DatabaseSecretArn": "DatabaseSecretArn", "AdministratorSecretArn": "AdministratorSecretArn",
                 "OperatorSecretArn": "OperatorSecretArn", "SubnetIds": "SubnetIds",
                 "SecurityGroupIds": "FunctionSecurityGroupId"}

# Parameters that every deployment derives from image and package set.  Like those of FROM_DATABASE, they cannot be given:
# the next deployment could not tell a given value from an outdated one, and would replace it.
FROM_BUILD = ("ImageUri", "Architecture", "ArtifactBucket", "PackagePrefix")

# Parameters with the ids of the prefix lists of gateway endpoints, by service.
PREFIX_LISTS = {"s3": "S3PrefixListId", "dynamodb": "DynamoDbPrefixListId"}

# Concurrent executions that must stay unreserved in an account, and those that the template reserves for the link
# (AWS Lambda Developer Guide, "Configuring reserved concurrency").
UNRESERVED = 100
RESERVED = 10

# The account that publishes Debian's machine images (wiki.debian.org/Cloud/AmazonEC2Image).
DEBIAN = "136693071363"

# The folder that make image and others write to: in the checkout around this package, else in the current folder, because
# an installed package does not know its checkout.
BUILD = os.path.join(os.path.dirname(CONTROL) if os.path.isfile(CONTROL) else "", "build")


def build_folder(given: str, name: str) -> str:
    """Return the folder that the build makes, unless another one is given."""
    return given or os.path.abspath(os.path.join(BUILD, name))


def given_parameters(options: argparse.Namespace) -> dict[str, str]:
    """Return the parameters that the command line specifies."""
    given = {name: str(getattr(options, option)) for option, name in PARAMETER_OPTIONS.items()
             if getattr(options, option)}
    for text in options.parameter:
        name, separator, value = text.partition("=")
        if not separator or not name.isalnum():
            raise usage(f'invalid parameter "{text}"', "Write it as NAME=VALUE.")
        given[name] = value
    return given


@dataclass
class PlannedStack:
    """One stack: its name, template, status ("" if it does not exist) and the values that it has."""

    name: str
    template: Template
    status: str
    previous: dict[str, str] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        return self.status not in ("", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE")


class Plan:
    """The stacks of one system in the order of their creation; `database` is None if an existing one is used."""

    def __init__(self, aws: Aws, names: StackNames, options: argparse.Namespace) -> None:
        self.given = given_parameters(options)
        self.aws = aws
        folder = options.templates
        self.artifacts = self._planned(names.artifacts, read_template("artifacts", folder))
        self.pipeline = self._planned(names.pipeline, read_template("pipeline", folder))
        database = self._planned(names.database, read_template("database", folder))
        # A pipeline without a database of its own uses an existing one, and keeps it.
        external = bool(options.database) or (self.pipeline.exists and not database.exists)
        self.database = None if external else database
        self._check(options, external)

    @property
    def stacks(self) -> list[PlannedStack]:
        return [stack for stack in (self.artifacts, self.database, self.pipeline) if stack is not None]

    def _planned(self, name: str, template: Template) -> PlannedStack:
        described = describe_stack(self.aws, name) or {}
        previous = {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in described.get("Parameters") or []}
        return PlannedStack(name, template, str(described.get("StackStatus", "")), previous)

    def _check(self, options: argparse.Namespace, external: bool) -> None:
        if not external:
            wrong = [option for option in ONLY_WITH_DATABASE if getattr(options, option)]
            if wrong:
                raise usage(f"--{wrong[0].replace('_', '-')} is only for an existing database", "Add --database ARN.")
        elif not self.pipeline.exists and not (options.subnets and options.security_groups):
            raise usage("--database needs --subnets and --security-groups",
                        "Name private subnets and security groups from which the functions reach the database.")
        declared = {name for stack in self.stacks for name in stack.template.parameters}
        unknown = [name for name in self.given if name not in declared]
        if unknown:
            raise usage(f'no template has the parameter "{unknown[0]}"', f"They have: {', '.join(sorted(declared))}.")
        derived = [name for name in self.given if name in FROM_BUILD or (not external and name in FROM_DATABASE)]
        if derived:
            raise usage(f'parameter "{derived[0]}" cannot be given',
                        "Every deployment derives it from the image, the package set or the database's stack.")

    def outputs(self, stack: PlannedStack) -> Outputs:
        """Return the outputs of a deployed stack; in a dry run it may not exist."""
        if self.aws.dry_run and not stack.exists:
            return PlannedOutputs(stack.name, {})
        return read_outputs(self.aws, stack.name)

    def parameters(self, stack: PlannedStack, more: dict[str, str] | None = None) -> dict[str, str]:
        """Return the parameters to change: given ones, else `more`.  All others keep their values."""
        values = {**(more or {}), **self.given}
        return {name: value for name, value in values.items() if name in stack.template.parameters}

    def resources(self, stack: PlannedStack) -> dict[str, dict[str, Any]]:
        """Return the resources that a stack will have."""
        # The pipeline rotates a password, for example, if the database's stack has a secret for that.
        outputs = FROM_DATABASE if stack is self.pipeline and self.database is not None else {}
        return stack.template.resources({**stack.previous, **self.parameters(stack, outputs)})

    def database_parameters(self, bucket: str, prefix: str) -> dict[str, str]:
        """Return the database's parameters.  Those that are looked up keep their values from the stack's creation."""
        stack = self.database
        assert stack is not None
        more = {"ArtifactBucket": bucket, "PackagePrefix": prefix}
        wanted = stack.template.missing({**stack.previous, **self.given, **more})
        if not self.aws.dry_run:
            for service, name in PREFIX_LISTS.items():
                if name in wanted:
                    more[name] = find_prefix_list(self.aws, service)
            if "ImageId" in wanted:
                more["ImageId"] = find_machine_image(self.aws, str(stack.template.values(self.given).get("InstanceType", "")))
        return self.parameters(stack, more)

    def image_parameters(self, image_uri: str, image: Image) -> dict[str, str]:
        """Return the parameters that follow from the image, and from what the account allows the functions."""
        more = {"ImageUri": image_uri, "Architecture": image.architecture}
        # A stack that has true or false keeps it: an operator or an earlier deployment has decided.
        undecided = self.pipeline.previous.get("ReserveConcurrency", "auto") == "auto"
        if "ReserveConcurrency" in self.pipeline.template.parameters and undecided:
            limits = self.aws.read("lambda", "get_account_settings")["AccountLimit"]
            if int(limits["UnreservedConcurrentExecutions"]) >= UNRESERVED + RESERVED:
                more["ReserveConcurrency"] = "true"
        return more

    def pipeline_parameters(self, image_uri: str, image: Image) -> dict[str, str]:
        """Return the pipeline's parameters; those of the database come from its stack, if it has one."""
        more = self.image_parameters(image_uri, image)
        if self.database is not None:
            outputs = self.outputs(self.database)
            more |= {name: outputs[output] for name, output in FROM_DATABASE.items()}
        return self.parameters(self.pipeline, more)


def find_prefix_list(aws: Aws, service: str) -> str:
    """Return the id of the list with a service's addresses, which security groups name."""
    name = f"com.amazonaws.{aws.region}.{service}"
    found = aws.read("ec2", "describe_managed_prefix_lists", Filters=[{"Name": "prefix-list-name", "Values": [name]}])
    if not found["PrefixLists"]:
        raise refused("NO_PREFIX_LIST", f"the region has no prefix list {name}", "Use another region.")
    return str(found["PrefixLists"][0]["PrefixListId"])


def find_machine_image(aws: Aws, instance_type: str) -> str:
    """Return the id of Debian's newest machine image for a type of instance."""
    architecture = "arm64" if "g" in instance_type.partition(".")[0][1:] else "amd64"
    found = aws.read("ec2", "describe_images", Owners=[DEBIAN],
                     Filters=[{"Name": "name", "Values": [f"debian-12-{architecture}-*"]}])["Images"]
    if not found:
        raise refused("NO_MACHINE_IMAGE", f"the region has no image of Debian 12 for {architecture}",
                      "Name one with --parameter ImageId=AMI.")
    return str(max(found, key=lambda image: str(image["CreationDate"]))["ImageId"])


class PlannedOutputs(Outputs):
    """Outputs of a stack that a dry run did not create."""

    def __getitem__(self, name: str) -> str:
        return f"({name} of {self.stack})"
