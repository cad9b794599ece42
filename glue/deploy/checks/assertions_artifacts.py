"""The repository of the functions' image, and the bucket of the database's packages."""

import json
from typing import Iterator

from assertion import artifacts, differences
from stack import Stack, arn, statements


@artifacts
def images_are_scanned_and_never_replaced(stack: Stack) -> Iterator[str]:
    for logical_id, repository in stack.of("AWS::ECR::Repository").items():
        for member, wanted in {"ImageScanningConfiguration": {"ScanOnPush": True}, "ImageTagMutability": "IMMUTABLE",
                               "EncryptionConfiguration": {"EncryptionType": "AES256"}, "EmptyOnDelete": True}.items():
            yield from differences(f"{logical_id}: {member}", repository.get(member), wanted)


@artifacts
def old_images_expire_by_count(stack: Stack) -> Iterator[str]:
    for logical_id, repository in stack.of("AWS::ECR::Repository").items():
        text = repository.get("LifecyclePolicy", {}).get("LifecyclePolicyText", '{"rules": []}')
        kinds = [(rule["selection"]["countType"], rule["action"]["type"]) for rule in json.loads(text)["rules"]]
        yield from differences(f"{logical_id}: LifecyclePolicy", kinds, [("imageCountMoreThan", "expire")])


@artifacts
def this_accounts_functions_pull_images(stack: Stack) -> Iterator[str]:
    for logical_id, repository in stack.of("AWS::ECR::Repository").items():
        found = [(statement["Effect"], statement.get("Principal"), statement["Action"], statement.get("Condition"))
                 for statement in statements(repository.get("RepositoryPolicyText", {"Statement": []}))]
        yield from differences(f"{logical_id}: RepositoryPolicyText", found, [
            ("Allow", {"Service": "lambda.amazonaws.com"}, ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
             {"ArnLike": {"aws:SourceArn": arn("lambda", "function:*")}})])


@artifacts
def replaced_packages_expire(stack: Stack) -> Iterator[str]:
    for logical_id, bucket in stack.of("AWS::S3::Bucket").items():
        rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
        found = {name for rule in rules if rule.get("Status") == "Enabled" for name, value in rule.items() if value}
        wanted = {"NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload", "ExpiredObjectDeleteMarker"}
        yield from (f"{logical_id}: no rule has {name}" for name in sorted(wanted - found))
        yield from differences(f"{logical_id}: VersioningConfiguration", bucket.get("VersioningConfiguration"),
                               {"Status": "Enabled"})


@artifacts
def outputs_are_what_the_other_stacks_need(stack: Stack) -> Iterator[str]:
    yield from differences("outputs", sorted(stack.outputs), ["ArtifactBucket", "RepositoryName", "RepositoryUri"])
