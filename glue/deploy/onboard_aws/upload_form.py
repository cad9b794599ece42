"""A vendor's permission to upload: a signed form for its prefix, or a role that its own AWS account may assume.

Anyone who has the form can upload as this vendor until it expires. So it goes into a file that only its owner can read,
never to the terminal or into a log.
"""

import hashlib
import html
import json
import os
from datetime import datetime, timedelta, timezone
from typing import Any

from .calls import Answer, Aws, AwsError
from .command import FILE_SUFFIXES, UPLOAD_PREFIX
from .errors import infrastructure, usage
from .stacks import Outputs

# What AWS allows for a signature ("Authenticating Requests: Browser-Based Uploads Using POST").
MOST_DAYS = 7
# IAM's limit of a role's name.
MOST_ROLE_NAME = 64
VENDOR_TAG = "onboard:vendor"
DEFAULT_MAX_BYTES = 10485760
# User metadata of an object that sets how it is read and its rows applied, in a form or a request; blank for the default.
METADATA = ("onboard-mode", "onboard-match", "onboard-blank", "onboard-as-of", "onboard-encoding", "onboard-map")
MODES = ("insert", "upsert", "update", "replace")

PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>Product files of {vendor}</title>
<h1>Product files of {vendor}</h1>
<form action="{url}" method="post" enctype="multipart/form-data">
{fields}
<p><label>Rows <select name="x-amz-meta-onboard-mode">
<option value="">as agreed</option>
{modes}
</select></label></p>
<p><input type="file" name="file" accept="{suffixes}" required> <button>Send</button></p>
</form>
<p>At most {size} bytes. Valid until {expires}. Anyone who has this page can send files as {vendor}.</p>
</html>
"""


def prefix_of(vendor_id: str) -> str:
    return f"{UPLOAD_PREFIX}{vendor_id}/"


def max_file_bytes(aws: Aws, outputs: Outputs) -> int:
    """Return the size of the largest file that the deployed parser accepts, 0 for no limit."""
    configuration = aws.read("lambda", "get_function_configuration", FunctionName=outputs["ParserFunctionName"])
    variables = (configuration.get("Environment") or {}).get("Variables") or {}
    return int(variables.get("MAX_FILE_BYTES", DEFAULT_MAX_BYTES))


def sign_form(aws: Aws, outputs: Outputs, vendor_id: str, days: int) -> Answer:
    """Return a form: url, fields, and what it allows."""
    if not 1 <= days <= MOST_DAYS:
        raise usage(f"--days must be 1 to {MOST_DAYS}", "Run vendor add again before the form expires, or use --role-for.")
    prefix = prefix_of(vendor_id)
    # S3 accepts at most 5 GB in one request.
    largest = max_file_bytes(aws, outputs) or 5 * 1024 ** 3
    form = aws.presigned_post(
        Bucket=outputs["BucketName"], Key=prefix + "${filename}", ExpiresIn=days * 86400,
        # S3 refuses a field without a condition, and a form that lacks a field with one.
        Fields={"success_action_status": "201", **{f"x-amz-meta-{name}": "" for name in METADATA}},
        Conditions=[["starts-with", "$key", prefix], ["content-length-range", 1, largest],
                    {"success_action_status": "201"}, *(["starts-with", f"$x-amz-meta-{name}", ""] for name in METADATA)])
    expires = datetime.now(timezone.utc) + timedelta(days=days)
    return {"url": form["url"], "fields": form["fields"], "vendor_id": vendor_id, "prefix": prefix, "max_bytes": largest,
            "expires": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}


def form_page(form: Answer) -> str:
    fields = "\n".join(f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
                       for name, value in form["fields"].items() if name != "x-amz-meta-onboard-mode")
    modes = "\n".join(f"<option>{mode}</option>" for mode in MODES)
    return PAGE.format(vendor=html.escape(form["vendor_id"]), url=html.escape(form["url"]), fields=fields, modes=modes,
                       suffixes=",".join(FILE_SUFFIXES), size=form["max_bytes"], expires=form["expires"])


def write_form(path: str, form: Answer) -> None:
    """Write the form as a page, or as JSON if the file's name ends in .json, readable by its owner only."""
    text = json.dumps(form, indent="\t") + "\n" if path.endswith(".json") else form_page(form)
    temporary = f"{path}.{os.getpid()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)


def role_path(stack: str) -> str:
    """Return the path of the roles of a system, by which destroy finds them."""
    return f"/onboard/{stack}/"


def role_name(stack: str, vendor_id: str) -> str:
    """Return a name that no other vendor's role has: a hash replaces the end of one that is too long for IAM."""
    name = f"{stack}-upload-{vendor_id}"
    if len(name) <= MOST_ROLE_NAME:
        return name
    digits = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{name[:MOST_ROLE_NAME - len(digits) - 1]}-{digits}"


def trust(principal: str, external_id: str) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    if external_id:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    return {"Version": "2012-10-17", "Statement": [statement]}


def upload_policy(partition: str, bucket: str, vendor_id: str) -> dict[str, Any]:
    """Return the policy: put objects below the vendor's prefix, and nothing else."""
    resource = f"arn:{partition}:s3:::{bucket}/{prefix_of(vendor_id)}*"
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:PutObject", "s3:AbortMultipartUpload"], "Resource": resource}]}


def make_role(aws: Aws, outputs: Outputs, vendor_id: str, principal: str, external_id: str) -> str:
    """Create or update a vendor's role; return its ARN."""
    name, document = role_name(outputs.stack, vendor_id), json.dumps(trust(principal, external_id))
    try:
        role = aws.write(f"create role {name} for {principal}", "iam", "create_role", RoleName=name,
                         Path=role_path(outputs.stack), AssumeRolePolicyDocument=document,
                         Description=f"Uploads of vendor {vendor_id}",
                         Tags=[{"Key": VENDOR_TAG, "Value": vendor_id}])
    except AwsError as error:
        if error.code != "EntityAlreadyExists":
            raise
        role = aws.read("iam", "get_role", RoleName=name)
        # IAM does not distinguish names by case, but vendors are.
        tags = {each["Key"]: each["Value"] for each in role["Role"].get("Tags") or []}
        if role["Role"]["Path"] != role_path(outputs.stack) or tags.get(VENDOR_TAG) != vendor_id:
            raise infrastructure("ROLE_EXISTS", f"role {name} exists and belongs to something else",
                                 "Rename or remove it.") from error
        aws.write(f"let {principal} assume role {name}", "iam", "update_assume_role_policy", RoleName=name,
                  PolicyDocument=document)
    aws.write(f"let role {name} upload", "iam", "put_role_policy", RoleName=name, PolicyName="upload",
              PolicyDocument=json.dumps(upload_policy(aws.partition, outputs["BucketName"], vendor_id)))
    return str(role["Role"]["Arn"]) if role else ""
