"""deploy: the three stacks in order, the image and the package set between them, and the handler `check` at the end.

Every step finds what already exists, so the command may be repeated after any failure and resumes where it stopped.
"""

import time
from typing import Any

from .calls import Aws
from .command import Command
from .errors import CommandError, infrastructure
from .functions import invoke
from .image import push_image, read_image, skopeo_path
from .kept import take_over
from .package_set import read_package_set, upload_package_set
from .plan import Plan, PlannedStack, build_folder
from .stacks import Deployment, Outputs

# How long the database's instance may take to answer after its stack is complete.
READY_SECONDS = 900.0


def run(command: Command) -> int:
    plan = Plan(command.aws, command.names, command.options)
    image = read_image(build_folder(command.options.image, "image/oci"))
    packages = read_package_set(build_folder(command.options.packages, "deploy/packages")) if plan.database else None
    skopeo_path()
    deployment = Deployment(command.aws, command.poll_seconds)
    results: dict[str, str] = {}
    command.output.document["stacks"] = results

    def deploy(stack: PlannedStack, parameters: dict[str, str]) -> Outputs:
        results[stack.name] = deployment.deploy(stack.name, stack.template, parameters, command.options.replace)
        if not command.aws.dry_run:
            command.output.line(f"{stack.name:30} {results[stack.name]}")
        return plan.outputs(stack)

    artifacts = deploy(plan.artifacts, plan.parameters(plan.artifacts))
    deployment.bucket = artifacts["ArtifactBucket"]
    image_uri = push_image(command.aws, artifacts, image)
    command.output.document["image"] = image_uri
    if plan.database and packages:
        prefix = upload_package_set(command.aws, deployment.bucket, packages)
        database = deploy(plan.database, plan.database_parameters(deployment.bucket, prefix))
        if not command.aws.dry_run:
            wait_started(command, database["DatabaseSecretArn"])
    parameters = plan.pipeline_parameters(image_uri, image)
    kept = take_over(deployment, plan.pipeline.name, plan.pipeline.template, parameters)
    command.output.document["taken_over"] = [resource.document() for resource in kept]
    outputs = deploy(plan.pipeline, parameters)
    if command.aws.may_write(f"invoke the function check of {plan.pipeline.name} until it answers"):
        command.output.document["check"] = wait_ready(command, outputs["CheckFunctionName"])
        show_next_steps(command)
    return 0


def wait_started(command: Command, secret: str) -> None:
    """Wait until the database's first start has stored its login; before, Secrets Manager cannot rotate it."""
    end = time.monotonic() + READY_SECONDS
    while not has_value(command.aws, secret):
        if time.monotonic() + command.poll_seconds >= end:
            raise infrastructure("NOT_STARTED", "the database has stored no login, so its first start has failed",
                                 "Read the instance's log (EC2 console, Get system log), then run the command again.")
        command.output.progress("wait until the database has started")
        time.sleep(command.poll_seconds)


def has_value(aws: Aws, secret: str) -> bool:
    """Return whether a secret has a current version."""
    versions = aws.read("secretsmanager", "describe_secret", SecretId=secret).get("VersionIdsToStages") or {}
    return any("AWSCURRENT" in stages for stages in versions.values())


def wait_ready(command: Command, function: str) -> dict[str, Any]:
    """Invoke the handler `check` until it reports that the database works."""
    end = time.monotonic() + READY_SECONDS
    command.output.note("wait until the functions reach the database")
    while True:
        try:
            answer = invoke(command.aws, function, {})
            command.output.line(f"{'function check':30} database {answer.get('database', 'unknown')}")
            return answer
        except CommandError as error:
            if time.monotonic() + command.poll_seconds >= end:
                raise
            command.output.progress(f"not ready yet: {error.code}")
        time.sleep(command.poll_seconds)


def show_next_steps(command: Command) -> None:
    name = command.stack
    system = "" if name == "onboard" else f" --stack {name}"
    for text in ("", "Next:",
                 "  confirm the mail that SNS sent to the address for alarms, if there is one",
                 f"  onboard-aws vendor add ID --name NAME --email ADDRESS{system}",
                 f"  onboard-aws send FILE --vendor ID{system}"):
        command.output.line(text)
