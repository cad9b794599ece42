"""Properties of database.yaml that matter and that no validator checks."""

import ipaddress
import re
import sys
import unittest
from pathlib import Path
from typing import Any, Iterator

sys.path.insert(0, str(Path(__file__).resolve().parent))

from database_template import load_template, user_data  # noqa: E402

TEMPLATE = load_template()
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
DATABASE = Path(__file__).resolve().parents[1] / "database"


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of all resources of a type, by name."""
    return {name: resource.get("Properties", {}) for name, resource in RESOURCES.items() if resource["Type"] == kind}


def reference(value: Any) -> str:
    assert isinstance(value, dict), value
    name = value["Ref"]
    assert isinstance(name, str)
    return name


def rules(direction: str) -> Iterator[tuple[str, str, str, int]]:
    """Yield all rules of a direction: group, protocol, peer, port."""
    for name, group in of_type("AWS::EC2::SecurityGroup").items():
        for rule in group.get(f"SecurityGroup{direction}", []):
            peer = rule.get("CidrIp") or reference(rule["DestinationPrefixListId"])
            yield name, rule["IpProtocol"], peer, rule.get("FromPort", 0)
    other = "DestinationSecurityGroupId" if direction == "Egress" else "SourceSecurityGroupId"
    for rule in of_type(f"AWS::EC2::SecurityGroup{direction}").values():
        assert rule["FromPort"] == rule["ToPort"]
        yield reference(rule["GroupId"]), rule["IpProtocol"], reference(rule[other]), rule["FromPort"]


class DatabaseTemplate(unittest.TestCase):
    def test_nothing_leads_to_the_internet(self) -> None:
        types = {resource["Type"] for resource in RESOURCES.values()}
        for kind in ("InternetGateway", "EgressOnlyInternetGateway", "NatGateway", "Route", "EIP", "VPCPeeringConnection"):
            self.assertNotIn(f"AWS::EC2::{kind}", types)
        self.assertEqual([subnet["MapPublicIpOnLaunch"] for subnet in of_type("AWS::EC2::Subnet").values()], [False, False])
        self.assertNotIn("NetworkInterfaces", RESOURCES["Instance"]["Properties"])

    def test_what_may_leave_each_group(self) -> None:
        nowhere = ("-1", "127.0.0.1/32", 0)
        expected = {
            "FunctionSecurityGroup": {("tcp", "DatabaseSecurityGroup", 5432), ("tcp", "EndpointSecurityGroup", 443),
                                      ("tcp", "S3PrefixListId", 443), ("tcp", "DynamoDbPrefixListId", 443)},
            "DatabaseSecurityGroup": {("tcp", "EndpointSecurityGroup", 443), ("tcp", "S3PrefixListId", 443)},
            "EndpointSecurityGroup": {nowhere},
            "AccessSecurityGroup": {nowhere, ("tcp", "DatabaseSecurityGroup", 22)},
        }
        found: dict[str, set[tuple[str, str, int]]] = {name: set() for name in of_type("AWS::EC2::SecurityGroup")}
        for group, *rule in rules("Egress"):
            found[group].add((rule[0], rule[1], rule[2]))  # type: ignore[arg-type]
        self.assertEqual(found, expected)
        # Without a rule in its definition, a group may send to everywhere.
        for name, group_properties in of_type("AWS::EC2::SecurityGroup").items():
            self.assertTrue(group_properties["SecurityGroupEgress"], name)

    def test_what_may_enter_each_group(self) -> None:
        self.assertEqual(set(rules("Ingress")), {
            ("DatabaseSecurityGroup", "tcp", "FunctionSecurityGroup", 5432),
            ("DatabaseSecurityGroup", "tcp", "AccessSecurityGroup", 22),
            ("EndpointSecurityGroup", "tcp", "FunctionSecurityGroup", 443),
            ("EndpointSecurityGroup", "tcp", "DatabaseSecurityGroup", 443)})

    def test_every_permitted_connection_is_permitted_at_both_ends(self) -> None:
        groups = of_type("AWS::EC2::SecurityGroup")
        leaving = {(source, target, port) for source, _, target, port in rules("Egress") if target in groups}
        entering = {(source, target, port) for target, _, source, port in rules("Ingress")}
        self.assertEqual(leaving, entering)

    def test_the_endpoints_are_the_few_that_are_needed(self) -> None:
        found = {(endpoint["VpcEndpointType"], endpoint["ServiceName"]["Fn::Sub"].rpartition(".")[2])
                 for endpoint in of_type("AWS::EC2::VPCEndpoint").values()}
        self.assertEqual(found, {("Gateway", "s3"), ("Gateway", "dynamodb"), ("Interface", "sqs"), ("Interface", "sns"),
                                 ("Interface", "secretsmanager")})
        for name, endpoint in of_type("AWS::EC2::VPCEndpoint").items():
            with self.subTest(name):
                condition = endpoint["PolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]
                self.assertEqual(set(condition), {"aws:PrincipalAccount", "aws:ResourceAccount"})
                if endpoint["VpcEndpointType"] == "Interface":
                    self.assertTrue(endpoint["PrivateDnsEnabled"])
                    self.assertEqual(endpoint["SecurityGroupIds"], [{"Ref": "EndpointSecurityGroup"}])

    def test_a_second_zone_is_optional(self) -> None:
        for name in ("SubnetB", "SubnetBRoutes"):
            self.assertEqual(RESOURCES[name]["Condition"], "TwoZones")
        for endpoint in of_type("AWS::EC2::VPCEndpoint").values():
            if endpoint["VpcEndpointType"] == "Interface":
                self.assertEqual(endpoint["SubnetIds"][1], {"Fn::If": ["TwoZones", {"Ref": "SubnetB"}, {"Ref": "AWS::NoValue"}]})
        network = ipaddress.ip_network(TEMPLATE["Parameters"]["VpcCidr"]["Default"])
        self.assertGreaterEqual(network.num_addresses, 2 * 2 ** 7)

    def test_data_is_encrypted_and_outlives_the_stack(self) -> None:
        volume = RESOURCES["DataVolume"]
        self.assertIs(volume["Properties"]["Encrypted"], True)
        for name in ("DataVolume", "BackupBucket", "BackupSecret"):
            self.assertEqual((RESOURCES[name]["DeletionPolicy"], RESOURCES[name]["UpdateReplacePolicy"]), ("Retain", "Retain"))
        root = RESOURCES["Instance"]["Properties"]["BlockDeviceMappings"][0]["Ebs"]
        self.assertIs(root["Encrypted"], True)
        bucket = RESOURCES["BackupBucket"]["Properties"]
        self.assertEqual(set(bucket["PublicAccessBlockConfiguration"].values()), {True})
        self.assertEqual(bucket["VersioningConfiguration"], {"Status": "Enabled"})
        self.assertIn("BucketEncryption", bucket)

    def test_the_instance_can_be_removed_without_its_volume(self) -> None:
        conditional = {name for name, resource in RESOURCES.items() if resource.get("Condition") == "HasInstance"}
        self.assertEqual(conditional, {"Instance", "DataVolumeAttachment", "DatabaseName"})

    def test_the_image_is_pinned(self) -> None:
        self.assertEqual(TEMPLATE["Parameters"]["ImageId"]["Type"], "AWS::EC2::Image::Id")
        self.assertNotIn("Default", TEMPLATE["Parameters"]["ImageId"])

    def test_credentials_require_version_2_of_the_metadata_service(self) -> None:
        options = RESOURCES["InstanceTemplate"]["Properties"]["LaunchTemplateData"]["MetadataOptions"]
        self.assertEqual((options["HttpTokens"], options["HttpPutResponseHopLimit"]), ("required", 1))
        self.assertEqual(reference(RESOURCES["Instance"]["Properties"]["LaunchTemplate"]["LaunchTemplateId"]), "InstanceTemplate")

    def test_the_role_names_actions_and_resources(self) -> None:
        role = RESOURCES["InstanceRole"]["Properties"]
        self.assertNotIn("ManagedPolicyArns", role)
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                self.assertNotIn("*", str(statement["Action"]))
                self.assertNotEqual(statement["Resource"], "*")

    def test_operators_enter_only_with_a_key(self) -> None:
        access = {name for name, resource in RESOURCES.items() if resource.get("Condition") == "HasAccess"}
        self.assertEqual(access, {"AccessEndpoint", "AccessSecurityGroup", "AccessToDatabase", "DatabaseFromAccess"})
        self.assertEqual(TEMPLATE["Parameters"]["OperatorKeyName"]["Default"], "")

    def test_the_user_data_sets_what_the_scripts_read(self) -> None:
        values: dict[str, str] = {}
        text = RESOURCES["Instance"]["Properties"]["UserData"]["Fn::Base64"]["Fn::Sub"]
        for name in re.findall(r"\$\{([\w:]+)\}", text):
            values[name] = "x"
        self.assertLess(len(text), 12 * 1024, "the limit is 16 KiB after encoding")
        settings = set(re.findall(r"^([A-Z_]+)=", user_data(values), re.MULTILINE))
        scripts = "".join(script.read_text() for script in DATABASE.glob("*.sh"))
        for setting in settings:
            self.assertRegex(scripts, rf"\${setting}\b")
        # Passwords travel in these variables; all others are settings.
        read = set(re.findall(r"\$([A-Z][A-Z_]+)\b", scripts)) - {"NEW_PASSWORD", "PGPASSWORD", "ENV"}
        self.assertEqual(read, settings)


if __name__ == "__main__":
    unittest.main()
