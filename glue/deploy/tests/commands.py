"""Shared by the tests of the commands: emulated services behind a front end, a deployed system, and running a command."""

import io
import json
import os
import sys
import tempfile
import unittest
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path[:0] = [path for path in (os.path.join(ROOT, "test", "aws"), os.path.dirname(HERE)) if path not in sys.path]

import boto3  # type: ignore[import-untyped]  # noqa: E402
from emulator import ACCOUNT, REGION, Emulator, client  # noqa: E402
from front import Front  # noqa: E402
from onboard_aws.main import main  # noqa: E402
from operator_stub import OperatorStub  # noqa: E402

TEMPLATES = os.path.join(HERE, "templates")
STACK = "shop"

# What a client needs; the caller's own configuration does not reach the tests.
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "AKIAEMULATED", "AWS_SECRET_ACCESS_KEY": "emulated-secret-key", "AWS_REGION": REGION,
               "AWS_DEFAULT_REGION": REGION, "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true",
               "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}

# Calls that change nothing, according to the services' documentation.
READING = ("Get", "List", "Describe", "Head", "Query")
READING_COMMANDS = ("vendor_list", "upload_find", "upload_trace", "held_list", "backlog")


@dataclass
class Run:
    """What a command did."""

    code: int
    out: str
    error: str

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.out)
        return document


class CommandTest(unittest.TestCase):
    """Emulated services for a class of tests; with `deployed`, the stacks of a system are there."""

    deployed = True
    folder: str
    emulator: Emulator
    session: Any
    outputs: dict[str, str]
    front: Front
    operator: OperatorStub

    @classmethod
    def setUpClass(cls) -> None:
        stack = ExitStack()
        cls.addClassCleanup(stack.close)
        cls.folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="onboard-aws-test-"))
        cls.emulator = stack.enter_context(Emulator(os.path.join(cls.folder, "emulator.log")))
        cls.front = stack.enter_context(Front(cls.emulator.url))
        environment = {**ENVIRONMENT, "AWS_ENDPOINT_URL": cls.front.url, "HOME": cls.folder}
        kept = {name: os.environ.get(name) for name in (*environment, "AWS_PROFILE", "AWS_SESSION_TOKEN", "ONBOARD_STACK")}
        for name in kept:
            os.environ.pop(name, None)
        os.environ.update(environment)
        stack.callback(restore, kept)
        cls.session = boto3.Session()
        cls.operator = OperatorStub()
        cls.front.functions.update(cls.operator.handlers(STACK))
        if cls.deployed:
            make_stacks(cls.emulator.url, STACK)
            cls.outputs = stack_outputs(cls.emulator.url, STACK)

    def setUp(self) -> None:
        self.front.reset()

    def client(self, service: str) -> Any:
        """Return a client that bypasses the front end, so that its calls are not recorded."""
        return client(service, self.emulator.url)

    def run_command(self, *arguments: str, code: int = 0) -> Run:
        """Run a command line and compare its exit code."""
        out, error = io.StringIO(), io.StringIO()
        here = os.getcwd()
        os.chdir(self.folder)
        try:
            found = main(arguments, out, error, poll_seconds=0.01, session=self.session)
        finally:
            os.chdir(here)
        run = Run(found, out.getvalue(), error.getvalue())
        self.assertEqual(found, code, f"{arguments}\n{run.out}{run.error}")
        self.assertNotIn(ENVIRONMENT["AWS_SECRET_ACCESS_KEY"], run.out + run.error)
        return run

    def writing_calls(self) -> list[str]:
        """Return the calls since the last reset that could change something."""
        found = []
        for call, request in self.front.calls:
            if call.name == "lambda.Invoke":
                command = json.loads(request.body or b"{}").get("command")
                found += [] if command in READING_COMMANDS else [f"{call.name} {command}"]
            elif not call.action.startswith(READING):
                found.append(call.name)
        return found

    def check_dry_run(self, *arguments: str, code: int = 0) -> Run:
        """Run a command with --dry-run: none of its calls may change anything, and it prints what it would do."""
        self.front.reset()
        run = self.run_command(*arguments, "--dry-run", "--json", code=code)
        self.assertEqual(self.writing_calls(), [])
        self.assertIn("would", run.document)
        return run

    def check_failure(self, call: str, *arguments: str) -> Run:
        """Let AWS deny a call: exit code 4, the service's code in the document, a hint."""
        self.front.reset()
        self.front.fail(call, "AccessDenied")
        run = self.run_command(*arguments, "--json", code=4)
        self.front.reset()
        error = run.document["error"]
        # The answer to HEAD has no body, so its code is the status.
        code = "403" if call == "s3.HeadObject" else "AccessDenied"
        self.assertEqual([error["class"], error["code"], error["exit_code"]], ["infrastructure", code, 4])
        self.assertIn("owner of the account", error["hint"])
        return run

    def path(self, name: str, content: bytes = b"") -> str:
        """Write a file in the folder of the tests; return its path."""
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path


def restore(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def make_stacks(url: str, name: str) -> None:
    """Create the three stacks of the tests' templates."""
    cloudformation = client("cloudformation", url)
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:database"
    parameters = {
        "artifacts": {"Registry": "registry.invalid"},
        "database": {"ArtifactBucket": "artifacts", "PackagePrefix": "packages/"},
        "pipeline": {"ImageUri": "registry.invalid/onboard@sha256:" + "0" * 64, "DatabaseSecretArn": secret,
                     "SubnetIds": "subnet-1", "SecurityGroupIds": "sg-1"}}
    for template, values in parameters.items():
        with open(os.path.join(TEMPLATES, f"{template}.yaml"), encoding="utf-8") as file:
            cloudformation.create_stack(
                StackName=name if template == "pipeline" else f"{name}-{template}", TemplateBody=file.read(),
                Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()])
    # The emulated CloudFormation ignores this property.
    client("s3", url).put_bucket_versioning(Bucket=stack_outputs(url, name)["BucketName"],
                                            VersioningConfiguration={"Status": "Enabled"})


def stack_outputs(url: str, name: str) -> dict[str, str]:
    stack = client("cloudformation", url).describe_stacks(StackName=name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
