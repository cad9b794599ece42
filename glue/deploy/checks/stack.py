"""A stack as it would be created: parameters, conditions, references and functions of a transformed template resolved.

    stack = Stack(transformed_template("pipeline"), PIPELINE_PARAMETERS)
    stack.of("AWS::SQS::Queue")["UploadQueue"]["VisibilityTimeout"]

What AWS decides, such as an ARN, follows AWS's formats. A caller that has real resources, like the tests' emulator, passes
their values as `identities`.
"""

import ipaddress
import json
import re
from dataclasses import dataclass, field
from typing import Any, Callable, Iterator, Mapping

ACCOUNT = "123456789012"
REGION = "us-east-1"
PARTITION = "aws"

DATABASE_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:onboard-database/functions-AbCdEf"
ADMINISTRATOR_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:onboard-database/administrator-AbCdEf"
OPERATOR_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:onboard-database/operator-AbCdEf"

# Every parameter of pipeline.yaml without a default, and those that switch parts of it on.
PIPELINE_PARAMETERS: dict[str, Any] = {
    "ImageUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/onboard-artifacts@sha256:{'0' * 64}",
    "DatabaseSecretArn": DATABASE_SECRET,
    "AdministratorSecretArn": ADMINISTRATOR_SECRET,
    "OperatorSecretArn": OPERATOR_SECRET,
    "SubnetIds": ["subnet-0123456789abcdef0"],
    "SecurityGroupIds": ["sg-0123456789abcdef0"],
    "AlarmEmail": "alarms@example.com",
    "ReserveConcurrency": "true",
}

# Likewise those of database.yaml.
DATABASE_PARAMETERS: dict[str, Any] = {
    "ArtifactBucket": f"onboard-artifacts-{ACCOUNT}-{REGION}",
    "PackagePrefix": f"packages/{'0' * 64}/",
    "ImageId": "ami-0123456789abcdef0",
    "S3PrefixListId": "pl-01",
    "DynamoDbPrefixListId": "pl-02",
    "Zones": "2",
    "OperatorKeyName": "operators",
}

NO_VALUE = object()


class UnresolvedError(KeyError):
    """A reference to something that the template does not have, or a function that is not known here."""


@dataclass
class Stack:
    """A resolved template.  `resources` has type, properties and attributes of those whose conditions hold."""

    template: dict[str, Any]
    parameters: Mapping[str, Any]
    name: str = "onboard"
    identities: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    resources: dict[str, dict[str, Any]] = field(init=False)
    outputs: dict[str, Any] = field(init=False)
    _known: dict[str, dict[str, str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.resources = {}
        for logical_id, resource in self.template["Resources"].items():
            if self._holds(resource.get("Condition")):
                self.resources[logical_id] = self.resolve(resource)
        self.outputs = {name: self.resolve(output["Value"]) for name, output in self.template.get("Outputs", {}).items()
                        if self._holds(output.get("Condition"))}

    def of(self, kind: str) -> dict[str, Any]:
        """Return the properties of all resources of a type, by their logical ids."""
        return {logical_id: resource.get("Properties", {}) for logical_id, resource in self.resources.items()
                if resource["Type"] == kind}

    def functions(self) -> dict[str, Any]:
        """Return the properties of all functions, by their handlers."""
        return {function["ImageConfig"]["Command"][0]: function for function in self.of("AWS::Lambda::Function").values()}

    def handler_of(self, function: str) -> str:
        """Return the handler of the function with this name or ARN."""
        name = function.rpartition(":")[2]
        return next(handler for handler, properties in self.functions().items() if properties["FunctionName"] == name)

    def arn(self, value: str) -> str:
        """Return the ARN of the resource that a reference, like a queue's URL or a table's name, denotes."""
        if value.startswith("arn:"):
            return value
        for logical_id in self.resources:
            known = self.identity(logical_id)
            if known["Ref"] == value and "Arn" in known:
                return known["Arn"]
        raise UnresolvedError(value)

    # Resolution.

    def resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (function, argument), = value.items()
            if function == "Ref":
                return self._reference(argument)
            if function == "Condition" and isinstance(argument, str):
                return self._holds(argument)
            if function.startswith("Fn::"):
                return self._call(function, argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NO_VALUE}

    def _holds(self, condition: str | None) -> bool:
        return condition is None or bool(self.resolve(self.template["Conditions"][condition]))

    def _reference(self, name: str) -> Any:
        pseudo = {"AWS::StackName": self.name, "AWS::AccountId": ACCOUNT, "AWS::Region": REGION,
                  "AWS::Partition": PARTITION, "AWS::URLSuffix": "amazonaws.com", "AWS::NoValue": NO_VALUE,
                  "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{self.name}/1"}
        if name in pseudo:
            return pseudo[name]
        if name in self.template.get("Parameters", {}):
            declared = self.template["Parameters"][name]
            value = self.parameters.get(name, declared.get("Default"))
            if value is None:
                raise UnresolvedError(f"parameter {name}")
            return value.split(",") if isinstance(value, str) and "List" in declared["Type"] else value
        return self.identity(name)["Ref"]

    def _attribute(self, logical_id: str, attribute: str) -> str:
        try:
            return self.identity(logical_id)[attribute]
        except KeyError:
            raise UnresolvedError(f"{logical_id}.{attribute}") from None

    def _call(self, function: str, argument: Any) -> Any:
        if function == "Fn::GetAtt":
            logical_id, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
            return self._attribute(logical_id, attribute)
        if function == "Fn::Sub":
            return self._substitute(argument)
        if function == "Fn::If":
            return self.resolve(argument[1] if self._holds(argument[0]) else argument[2])
        known: dict[str, Callable[..., Any]] = {
            "Fn::Equals": lambda left, right: str(left) == str(right),
            "Fn::Not": lambda condition: not condition,
            "Fn::And": lambda *conditions: all(conditions),
            "Fn::Or": lambda *conditions: any(conditions),
            "Fn::Join": lambda delimiter, words: delimiter.join(words),
            "Fn::Split": lambda delimiter, text: text.split(delimiter),
            "Fn::Select": lambda index, words: words[int(index)],
            "Fn::Cidr": subnets,
            "Fn::GetAZs": lambda region: [f"{region or REGION}{zone}" for zone in "ab"],
            # The text as it is before it is encoded.
            "Fn::Base64": lambda text: text,
        }
        if function not in known:
            raise UnresolvedError(function)
        resolved = self.resolve(argument)
        return known[function](*(resolved if isinstance(resolved, list) else [resolved]))

    def _substitute(self, argument: Any) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument
        given = self.resolve(given)

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name in given:
                return str(given[name])
            return str(self._attribute(*name.split(".", 1)) if "." in name else self._reference(name))

        return re.sub(r"\$\{([^!}][^}]*)\}", value, text).replace("${!", "${")

    # What AWS would answer for a resource.

    def identity(self, logical_id: str) -> dict[str, str]:
        """Return what Ref and GetAtt return for a resource."""
        if logical_id not in self._known:
            self._known[logical_id] = self._identify(logical_id)
        return self._known[logical_id]

    def _identify(self, logical_id: str) -> dict[str, str]:
        resource = self.template["Resources"].get(logical_id)
        if resource is None:
            raise UnresolvedError(logical_id)
        formula = IDENTITIES.get(resource["Type"])
        properties = resource.get("Properties", {})
        given = next((properties[name] for name in NAMES if name in properties), None)
        name = self.resolve(given) if given is not None else f"{self.name}-{logical_id}"
        known = dict(formula(str(name))) if formula else {"Ref": str(name)}
        return {**known, **self.identities.get(logical_id, {})}


NAMES = ("BucketName", "QueueName", "TableName", "TopicName", "FunctionName", "RoleName", "LogGroupName", "DashboardName",
         "AlarmName", "RepositoryName", "Name")


def subnets(network: str, count: int, bits: int) -> list[str]:
    """Return the first parts of a network whose hosts have this many bits of the address."""
    parts = ipaddress.ip_network(network).subnets(new_prefix=32 - bits)
    return [str(part) for part, _ in zip(parts, range(count))]


def arn(service: str, resource: str) -> str:
    return f"arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:{resource}"


def _secret(name: str) -> dict[str, str]:
    return {"Ref": arn("secretsmanager", f"secret:{name}-AbCdEf")}


IDENTITIES: dict[str, Callable[[str], dict[str, str]]] = {
    "AWS::S3::Bucket": lambda name: {"Ref": name, "Arn": f"arn:{PARTITION}:s3:::{name}"},
    "AWS::SQS::Queue": lambda name: {"Ref": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}", "QueueName": name,
                                     "Arn": arn("sqs", name)},
    "AWS::DynamoDB::Table": lambda name: {"Ref": name, "Arn": arn("dynamodb", f"table/{name}"),
                                          "StreamArn": arn("dynamodb", f"table/{name}/stream/2026-01-01T00:00:00.000")},
    "AWS::SNS::Topic": lambda name: {"Ref": arn("sns", name), "Arn": arn("sns", name), "TopicName": name},
    "AWS::SecretsManager::Secret": _secret,
    "AWS::Lambda::Function": lambda name: {"Ref": name, "Arn": arn("lambda", f"function:{name}")},
    "AWS::Lambda::Url": lambda name: {"Ref": name, "FunctionUrl": f"https://onboard.lambda-url.{REGION}.on.aws/"},
    "AWS::IAM::Role": lambda name: {"Ref": name, "Arn": f"arn:{PARTITION}:iam::{ACCOUNT}:role/{name}"},
    "AWS::Logs::LogGroup": lambda name: {"Ref": name, "Arn": arn("logs", f"log-group:{name}:*")},
    "AWS::Events::Rule": lambda name: {"Ref": name, "Arn": arn("events", f"rule/{name}")},
    "AWS::ECR::Repository": lambda name: {"Ref": name, "Arn": arn("ecr", f"repository/{name}"),
                                          "RepositoryUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{name}"},
    "AWS::EC2::Subnet": lambda name: {"Ref": name, "AvailabilityZone": f"{REGION}a"},
    "AWS::EC2::Instance": lambda name: {"Ref": name, "PrivateIp": "10.80.0.10"},
    "AWS::EC2::LaunchTemplate": lambda name: {"Ref": name, "LatestVersionNumber": "1"},
    "AWS::CloudWatch::Alarm": lambda name: {"Ref": name, "Arn": arn("cloudwatch", f"alarm:{name}")},
}


def statements(policy: Any) -> Iterator[dict[str, Any]]:
    """Yield the statements of a policy document, with lists where IAM allows a single value."""
    document = json.loads(policy) if isinstance(policy, str) else policy
    for statement in document["Statement"]:
        yield {**statement, **{name: as_list(statement[name]) for name in ("Action", "Resource") if name in statement}}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
