"""Calls to AWS: the only module that uses boto3.

Reading and writing calls are separate methods.  With --dry-run a writing call is only printed and never sent; a hook
before each request ensures that no other call writes, either.
"""

import os
import re
from typing import Any, Iterator

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import (BotoCoreError, ClientError, NoCredentialsError,  # type: ignore[import-untyped]
                                 NoRegionError, PartialCredentialsError, ProfileNotFound)
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]

from .errors import CommandError, infrastructure, usage
from .output import Output
from .version import VERSION

# Calls that change nothing.  For Invoke the caller decides, because it depends on what the function does with the event.
READING = re.compile(r"(Get|List|Describe|Head|Query|BatchGet|Invoke$|Simulate)")

HINTS = {
    "AccessDenied": "Ask the owner of the account to allow this action for the identity that the credentials belong to.",
    "ExpiredToken": "Log in again: the credentials have expired.",
    "InvalidClientTokenId": "Check the access key, or log in again.",
    "Throttling": "AWS limits the rate of these calls; run the same command again.",
}
# Other names for the same errors, by service.
SAME = {"AccessDeniedException": "AccessDenied", "UnauthorizedOperation": "AccessDenied",
        "AuthorizationError": "AccessDenied", "AuthorizationErrorException": "AccessDenied",
        # The answer to HEAD has no body, so the code is the status.
        "403": "AccessDenied",
        "ExpiredTokenException": "ExpiredToken", "RequestExpired": "ExpiredToken",
        "UnrecognizedClientException": "InvalidClientTokenId", "ThrottlingException": "Throttling",
        "TooManyRequestsException": "Throttling"}

# Exceptions of botocore's calls.
FAILURES = (BotoCoreError, ClientError, ResponseParserError)

Answer = dict[str, Any]


class AwsError(CommandError):
    """AWS refused or failed a call; `code` is the service's."""

    def __init__(self, service: str, operation: str, code: str, text: str) -> None:
        hint = HINTS.get(SAME.get(code, code), "")
        super().__init__("infrastructure", code, f"{service} {operation} failed: {text}", hint)
        self.text = text


def call_error(service: str, operation: str, error: Exception) -> CommandError:
    """Return the error to report for an exception of botocore."""
    if isinstance(error, ClientError):
        given = error.response.get("Error", {})
        return AwsError(service, operation, str(given.get("Code", "Unknown")),
                        f"{given.get('Message') or 'no message'} ({given.get('Code', 'Unknown')})")
    if isinstance(error, (NoCredentialsError, PartialCredentialsError)):
        return infrastructure("NO_CREDENTIALS", "no AWS credentials found",
                              "Log in with the AWS CLI, or set AWS_PROFILE or the variables of an access key.")
    if isinstance(error, NoRegionError):
        return usage("no AWS region is set", "Use --region, or set AWS_REGION.")
    if isinstance(error, ProfileNotFound):
        return usage(str(error), "Use --profile with a profile of the AWS CLI's configuration.")
    return infrastructure("NO_CONNECTION", f"{service} {operation} failed: {error}",
                          "Check the network and the region, and run the same command again.")


class Aws:
    """The account and region in use."""

    def __init__(self, output: Output, region: str = "", profile: str = "", dry_run: bool = False,
                 session: Any = None) -> None:
        """Use the given region and profile, else the environment's; or a session of boto3 instead of both."""
        self.output = output
        self.dry_run = dry_run
        self.skipped: list[str] = []
        self._clients: dict[str, Any] = {}
        self._allowed = False
        # The AWS CLI reads AWS_REGION, too, and prefers it; boto3 only reads AWS_DEFAULT_REGION.
        region = region or os.environ.get("AWS_REGION", "")
        try:
            self._session = session or boto3.Session(region_name=region or None, profile_name=profile or None)
        except BotoCoreError as error:
            raise call_error("sts", "GetCallerIdentity", error) from error

    @property
    def region(self) -> str:
        if not self._session.region_name:
            raise call_error("sts", "GetCallerIdentity", NoRegionError())
        return str(self._session.region_name)

    @property
    def partition(self) -> str:
        """The partition of the region, with which its ARNs begin: aws, aws-us-gov, ..."""
        try:
            return str(self._session.get_partition_for_region(self.region))
        except BotoCoreError as error:
            raise usage(f"unknown region {self.region}", "Check --region or AWS_REGION.") from error

    def client(self, service: str) -> Any:
        if service not in self._clients:
            config = Config(user_agent_extra=f"onboard-aws/{VERSION}", connect_timeout=10, read_timeout=300,
                            retries={"mode": "standard"})
            try:
                client = self._session.client(service, config=config)
            except BotoCoreError as error:
                raise call_error(service, "client", error) from error
            client.meta.events.register("before-call", self._guard)
            self._clients[service] = client
        return self._clients[service]

    def read(self, service: str, operation: str, **parameters: Any) -> Answer:
        """Make a call that changes nothing, also in a dry run.  `operation` is the name in Python."""
        try:
            answer: Answer = getattr(self.client(service), operation)(**parameters)
        except FAILURES as error:
            raise call_error(service, operation, error) from error
        return answer

    def pages(self, service: str, operation: str, member: str, **parameters: Any) -> Iterator[Any]:
        """Yield the entries of `member` of all pages of a reading call."""
        try:
            for page in self.client(service).get_paginator(operation).paginate(**parameters):
                yield from page.get(member) or []
        except FAILURES as error:
            raise call_error(service, operation, error) from error

    def write(self, what: str, service: str, operation: str, **parameters: Any) -> Answer:
        """Make a call that changes something; in a dry run, only print it and return {}.  `what` continues "would"."""
        if not self.may_write(what):
            return {}
        self._allowed = True
        try:
            return self.read(service, operation, **parameters)
        finally:
            self._allowed = False

    def may_write(self, what: str) -> bool:
        """Return whether this is not a dry run; if it is one, print what would be done."""
        if self.dry_run:
            self.skipped.append(what)
            self.output.line(f"would {what}")
        return not self.dry_run

    def presigned_post(self, **parameters: Any) -> Answer:
        """Sign a form; nothing is sent."""
        answer: Answer = self.client("s3").generate_presigned_post(**parameters)
        return answer

    def credentials_expire(self) -> bool:
        """Return whether the credentials are temporary: what they sign expires with them."""
        credentials = self._session.get_credentials()
        return bool(credentials and credentials.get_frozen_credentials().token)

    def _guard(self, model: Any, **_: Any) -> None:
        """Stop a writing call that was not made through write()."""
        if not self._allowed and not READING.match(model.name):
            raise AssertionError(f"{model.name} writes; use Aws.write")
