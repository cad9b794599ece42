"""The network, and the database's instance, volume, secrets and backups."""

import re
from typing import Any, Iterator

from assertion import database, differences
from permissions import permissions_of
from stack import ACCOUNT, REGION, Stack, arn, statements
from user_data import settings, settings_of_scripts, user_data_of

NOWHERE = ("-1", "127.0.0.1/32", None, None)
INTERNET = ("InternetGateway", "EgressOnlyInternetGateway", "NatGateway", "Route", "EIP", "VPCPeeringConnection")
GATEWAYS = {"s3", "dynamodb"}
INTERFACES = {"sqs", "sns", "secretsmanager"}
PRESENT = ("Instance", "DataVolumeAttachment", "DatabaseName")
ACCESS = ("AccessEndpoint", "AccessSecurityGroup", "AccessToDatabase", "DatabaseFromAccess")
FUNCTIONS, SERVER, ENDPOINTS, OPERATORS = (f"{name}SecurityGroup" for name in ("Function", "Database", "Endpoint", "Access"))

# Group and protocol, the peer, first and last port.
Rule = tuple[str, str, str, int | None, int | None]


def reference(stack: Stack, logical_id: str) -> str:
    return stack.identity(logical_id)["Ref"]


def members(stack: Stack, logical_id: str, wanted: dict[str, Any]) -> Iterator[str]:
    """Compare the properties of a resource with those that it must have; more are not allowed, except tags."""
    found = stack.resources[logical_id].get("Properties", {})
    for member in sorted(wanted.keys() | found.keys() - {"Tags"}):
        yield from differences(f"{logical_id}: {member}", found.get(member), wanted.get(member))


def retained(stack: Stack, *logical_ids: str) -> Iterator[str]:
    for logical_id in logical_ids:
        for member in ("DeletionPolicy", "UpdateReplacePolicy"):
            yield from differences(f"{logical_id}: {member}", stack.resources[logical_id].get(member), "Retain")


@database
def outputs_are_what_the_pipeline_and_the_commands_need(stack: Stack) -> Iterator[str]:
    yield from differences("outputs", sorted(stack.outputs), sorted((
        "VpcId", "SubnetIds", "FunctionSecurityGroupId", "DatabaseSecretArn", "AdministratorSecretArn", "OperatorSecretArn",
        "BackupSecretArn", "BackupBucket", "DataVolumeId", "DatabaseInstanceId")))


# ----- the network -----

@database
def nothing_leads_to_the_internet(stack: Stack) -> Iterator[str]:
    for logical_id, resource in stack.resources.items():
        if resource["Type"].removeprefix("AWS::EC2::") in INTERNET:
            yield f"{logical_id} leads out of the network"
    for logical_id, subnet in stack.of("AWS::EC2::Subnet").items():
        yield from differences(f"{logical_id}: MapPublicIpOnLaunch", subnet.get("MapPublicIpOnLaunch"), False)
    for logical_id, instance in stack.of("AWS::EC2::Instance").items():
        if "NetworkInterfaces" in instance:
            yield f"{logical_id} may have a public address"


@database
def subnets_are_in_different_zones_of_the_network(stack: Stack) -> Iterator[str]:
    network = reference(stack, "Vpc")
    yield from members(stack, "Vpc", {"CidrBlock": stack.parameters.get("VpcCidr", "10.80.0.0/24"),
                                      "EnableDnsSupport": True, "EnableDnsHostnames": True})
    yield from members(stack, "RouteTable", {"VpcId": network})
    for letter, block in (("A", "10.80.0.0/25"), ("B", "10.80.0.128/25")):
        yield from members(stack, f"Subnet{letter}", {
            "VpcId": network, "AvailabilityZone": f"{REGION}{letter.lower()}", "CidrBlock": block,
            "MapPublicIpOnLaunch": False})
        yield from members(stack, f"Subnet{letter}Routes", {"SubnetId": reference(stack, f"Subnet{letter}"),
                                                            "RouteTableId": reference(stack, "RouteTable")})


@database
def what_people_look_for_is_named(stack: Stack) -> Iterator[str]:
    named = {"Vpc": "", "SubnetA": "-a", "SubnetB": "-b", "RouteTable": "", "Instance": "", "DataVolume": "-data"}
    for logical_id, suffix in named.items():
        tags = stack.resources[logical_id]["Properties"].get("Tags", [])
        yield from differences(f"{logical_id}: Tags", tags, [{"Key": "Name", "Value": stack.name + suffix}])


@database
def endpoints_serve_this_account_only(stack: Stack) -> Iterator[str]:
    found = {endpoint.get("ServiceName", "").rpartition(".")[2]: logical_id
             for logical_id, endpoint in stack.of("AWS::EC2::VPCEndpoint").items()}
    yield from differences("services with an endpoint", sorted(found), sorted(GATEWAYS | INTERFACES))
    policy = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT}}}]}
    for service, logical_id in found.items():
        kind: dict[str, Any] = {"VpcEndpointType": "Gateway", "RouteTableIds": [reference(stack, "RouteTable")]}
        if service in INTERFACES:
            kind = {"VpcEndpointType": "Interface", "PrivateDnsEnabled": True,
                    "SubnetIds": [reference(stack, "SubnetA"), reference(stack, "SubnetB")],
                    "SecurityGroupIds": [reference(stack, ENDPOINTS)]}
        yield from members(stack, logical_id, {
            **kind, "ServiceName": f"com.amazonaws.{REGION}.{service}", "VpcId": reference(stack, "Vpc"),
            "PolicyDocument": policy})


@database
def names_of_the_database_outlive_its_instance(stack: Stack) -> Iterator[str]:
    zone = f"{stack.name}.internal"
    yield from members(stack, "Zone", {"Name": zone, "VPCs": [{"VPCId": reference(stack, "Vpc"), "VPCRegion": REGION}]})
    yield from members(stack, "DatabaseName", {
        "HostedZoneId": reference(stack, "Zone"), "Name": f"database.{zone}", "Type": "A", "TTL": "30",
        "ResourceRecords": [stack.identity("Instance")["PrivateIp"]]})


# ----- security groups -----

def rules(stack: Stack, direction: str) -> Iterator[Rule]:
    """Yield all rules of a direction."""
    for logical_id, group in stack.of("AWS::EC2::SecurityGroup").items():
        for rule in group.get(f"SecurityGroup{direction}", []):
            peer = rule.get("CidrIp") or rule["DestinationPrefixListId"]
            yield logical_id, rule["IpProtocol"], peer, rule.get("FromPort"), rule.get("ToPort")
    groups = {reference(stack, logical_id): logical_id for logical_id in stack.of("AWS::EC2::SecurityGroup")}
    other = "DestinationSecurityGroupId" if direction == "Egress" else "SourceSecurityGroupId"
    for rule in stack.of(f"AWS::EC2::SecurityGroup{direction}").values():
        yield groups[rule["GroupId"]], rule["IpProtocol"], groups[rule[other]], rule["FromPort"], rule["ToPort"]


def permitted(port: int, *pairs: tuple[str, str]) -> set[Rule]:
    return {(group, "tcp", peer, port, port) for group, peer in pairs}


@database
def groups_send_only_where_they_must(stack: Stack) -> Iterator[str]:
    s3, dynamodb = stack.parameters["S3PrefixListId"], stack.parameters["DynamoDbPrefixListId"]
    wanted = {(ENDPOINTS, *NOWHERE), (OPERATORS, *NOWHERE),
              *permitted(5432, (FUNCTIONS, SERVER)), *permitted(22, (OPERATORS, SERVER)),
              *permitted(443, (FUNCTIONS, ENDPOINTS), (FUNCTIONS, s3), (FUNCTIONS, dynamodb), (SERVER, ENDPOINTS),
                         (SERVER, s3))}
    yield from differences("outgoing rules", sorted(map(str, rules(stack, "Egress"))), sorted(map(str, wanted)))
    for logical_id, group in stack.of("AWS::EC2::SecurityGroup").items():
        yield from differences(f"{logical_id}: VpcId", group.get("VpcId"), reference(stack, "Vpc"))
        if not group.get("SecurityGroupEgress"):
            yield f"{logical_id} has no rule of its own, so it may send to everywhere"


@database
def groups_receive_only_what_they_must(stack: Stack) -> Iterator[str]:
    wanted = {*permitted(5432, (SERVER, FUNCTIONS)), *permitted(22, (SERVER, OPERATORS)),
              *permitted(443, (ENDPOINTS, FUNCTIONS), (ENDPOINTS, SERVER))}
    yield from differences("incoming rules", sorted(map(str, rules(stack, "Ingress"))), sorted(map(str, wanted)))


@database
def connections_are_permitted_at_both_ends(stack: Stack) -> Iterator[str]:
    groups = stack.of("AWS::EC2::SecurityGroup")
    leaving = {(group, peer, first) for group, _, peer, first, _ in rules(stack, "Egress") if peer in groups}
    entering = {(peer, group, first) for group, _, peer, first, _ in rules(stack, "Ingress")}
    yield from differences("connections", sorted(map(str, leaving)), sorted(map(str, entering)))


@database
def operators_enter_only_through_an_endpoint(stack: Stack) -> Iterator[str]:
    yield from members(stack, "AccessEndpoint", {"SubnetId": reference(stack, "SubnetA"), "PreserveClientIp": False,
                                                 "SecurityGroupIds": [reference(stack, OPERATORS)]})


# ----- secrets and backups -----

@database
def secrets_are_found_by_the_stacks_name(stack: Stack) -> Iterator[str]:
    found = {logical_id: secret.get("Name") for logical_id, secret in stack.of("AWS::SecretsManager::Secret").items()}
    yield from differences("names of secrets", found, {
        "DatabaseSecret": f"{stack.name}/functions", "AdministratorSecret": f"{stack.name}/administrator",
        "OperatorSecret": f"{stack.name}/operator", "BackupSecret": None})
    for logical_id, secret in stack.of("AWS::SecretsManager::Secret").items():
        wanted = {"PasswordLength": 64, "ExcludePunctuation": True} if logical_id == "BackupSecret" else None
        yield from differences(f"{logical_id}: GenerateSecretString", secret.get("GenerateSecretString"), wanted)


@database
def backups_can_be_read_after_the_stack_is_gone(stack: Stack) -> Iterator[str]:
    yield from retained(stack, "DataVolume", "BackupBucket", "BackupBucketPolicy", "BackupSecret")
    # A name of its own would stand in the way of the next stack of this name.
    if "BucketName" in stack.resources["BackupBucket"]["Properties"]:
        yield "BackupBucket: a retained bucket must not have a fixed name"


@database
def backups_survive_whoever_takes_over_the_instance(stack: Stack) -> Iterator[str]:
    bucket = stack.resources["BackupBucket"]["Properties"]
    yield from differences("VersioningConfiguration", bucket.get("VersioningConfiguration"), {"Status": "Enabled"})
    rules_ = [{name: value for name, value in rule.items() if name != "Id"}
              for rule in bucket.get("LifecycleConfiguration", {}).get("Rules", [])]
    yield from differences("LifecycleConfiguration", rules_, [
        {"Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 14}, "ExpiredObjectDeleteMarker": True},
        {"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}}])


# ----- the instance -----

@database
def the_role_allows_what_the_scripts_do(stack: Stack) -> Iterator[str]:
    role = stack.resources["InstanceRole"]["Properties"]
    if role.get("ManagedPolicyArns"):
        yield "the role has a managed policy"
    yield from differences("AssumeRolePolicyDocument", list(statements(role["AssumeRolePolicyDocument"])), [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": ["sts:AssumeRole"]}])
    backups = stack.identity("BackupBucket")["Arn"]
    packages = f"arn:aws:s3:::{stack.parameters['ArtifactBucket']}/{stack.parameters['PackagePrefix']}*"
    logins = [reference(stack, f"{name}Secret") for name in ("Database", "Administrator", "Operator")]
    wanted = {("s3:GetObject", packages), ("s3:ListBucket", backups),
              ("secretsmanager:GetSecretValue", reference(stack, "BackupSecret")),
              *((f"secretsmanager:{action}", login) for action in ("GetSecretValue", "PutSecretValue") for login in logins),
              *((f"s3:{action}", f"{backups}/onboard/*") for action in ("GetObject", "PutObject", "DeleteObject"))}
    yield from differences("permissions of the instance", sorted(set(permissions_of(role))), sorted(wanted))
    yield from members(stack, "InstanceProfile", {"Roles": [reference(stack, "InstanceRole")]})


@database
def data_are_on_a_volume_of_their_own(stack: Stack) -> Iterator[str]:
    yield from members(stack, "DataVolume", {
        "AvailabilityZone": stack.resources["SubnetA"]["Properties"]["AvailabilityZone"], "VolumeType": "gp3",
        "Size": stack.parameters.get("DataVolumeGiB", 20), "Encrypted": True})
    yield from members(stack, "DataVolumeAttachment", {
        "InstanceId": reference(stack, "Instance"), "VolumeId": reference(stack, "DataVolume"), "Device": "/dev/sdf"})


@database
def credentials_require_version_2_of_the_metadata_service(stack: Stack) -> Iterator[str]:
    yield from members(stack, "InstanceTemplate", {"LaunchTemplateData": {"MetadataOptions": {
        "HttpTokens": "required", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled"}}})


@database
def the_instance_is_private_encrypted_and_pinned(stack: Stack) -> Iterator[str]:
    known = stack.resources["Instance"]["Properties"]
    template = stack.identity("InstanceTemplate")
    yield from members(stack, "Instance", {
        "LaunchTemplate": {"LaunchTemplateId": template["Ref"], "Version": template["LatestVersionNumber"]},
        "ImageId": stack.parameters["ImageId"], "InstanceType": stack.parameters.get("InstanceType", "t3.micro"),
        "IamInstanceProfile": reference(stack, "InstanceProfile"), "KeyName": stack.parameters["OperatorKeyName"],
        "SubnetId": reference(stack, "SubnetA"), "SecurityGroupIds": [reference(stack, SERVER)],
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {
            "VolumeType": "gp3", "VolumeSize": 8, "Encrypted": True, "DeleteOnTermination": True}}],
        "UserData": known["UserData"]})
    image = stack.template["Parameters"]["ImageId"]
    yield from differences("the parameter ImageId", (image["Type"], image.get("Default")), ("AWS::EC2::Image::Id", None))


@database
def the_first_start_finds_what_it_needs(stack: Stack) -> Iterator[str]:
    # Routes, endpoints and rules exist before packages are fetched and secrets are written.
    yield from differences("Instance: DependsOn", sorted(stack.resources["Instance"].get("DependsOn", [])), [
        "BackupBucketPolicy", "DatabaseToEndpoint", "EndpointFromDatabase", "S3Endpoint", "SecretsEndpoint", "SubnetARoutes"])


@database
def the_user_data_sets_what_the_scripts_read(stack: Stack) -> Iterator[str]:
    text = user_data_of(stack)
    if len(text) > 12 * 1024:
        yield "the limit of 16 KiB after encoding is near"
    found = settings(text)
    yield from differences("settings", sorted(found), sorted(settings_of_scripts()))
    wanted = {"REGION": REGION, "DATA_VOLUME": reference(stack, "DataVolume"), "HOST": f"database.{stack.name}.internal",
              "VPC_CIDR": stack.parameters.get("VpcCidr", "10.80.0.0/24"),
              "BACKUP_BUCKET": reference(stack, "BackupBucket"), "BACKUP_RETENTION_DAYS": "14",
              **{f"{name.upper()}_SECRET": arn("secretsmanager", f"secret:{stack.name}/{secret}-AbCdEf")
                 for name, secret in (("database", "functions"), ("administrator", "administrator"), ("operator", "operator"))}}
    for name, value in wanted.items():
        yield from differences(name, found.get(name), value)
    if not re.search(r"^Content-Type: multipart/mixed; boundary=", text):
        yield "the user data would not run at every boot"
