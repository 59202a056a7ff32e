"""Managed and inline policies, boundaries and the simulator, as boto3 and the command-line client see them."""

import json
import os
import subprocess
import sys

import pytest

import aws
import server as servers
from aws import refused

READ = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Read", "Effect": "Allow", "Action": ["kms:List*", "kms:Describe*"], "Resource": "*"}],
}
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture
def iam(dev, account):
    """IAM for a fresh account; what botocore would refuse itself is refused before it is sent."""
    return aws.client(dev, account, service="iam", checked=True)


@pytest.fixture
def user(iam):
    return iam.create_user(UserName="alice")["User"]


def acting_as(iam, dev, name, service):
    """A client with an access key of its own for the user."""
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return aws.client(dev, key["AccessKeyId"], key["SecretAccessKey"], service=service)


def create(iam, name="read", document=READ, **more):
    return iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document), **more)["Policy"]["Arn"]


def pages(iam, operation, result, **arguments):
    """Everything that botocore's own paginator gathers, two entries at a time."""
    paginator = iam.get_paginator(operation)
    return paginator.paginate(PaginationConfig={"PageSize": 2}, **arguments).build_full_result()[result]


def test_a_policy_comes_back_as_it_was_put(iam, account):
    arn = create(iam, Path="/tools/", Description="reads", Tags=[{"Key": "team", "Value": "blue"}])
    assert arn == f"arn:aws:iam::{account}:policy/tools/read"
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    assert (policy["Description"], policy["Tags"]) == ("reads", [{"Key": "team", "Value": "blue"}])
    assert (policy["AttachmentCount"], policy["IsAttachable"], policy["DefaultVersionId"]) == (0, True, "v1")
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert (version["Document"], version["IsDefaultVersion"]) == (READ, True)


def test_versions_and_the_waiter(iam):
    arn = create(iam)
    iam.get_waiter("policy_exists").wait(PolicyArn=arn)
    changed = {**READ, "Statement": [{**READ["Statement"][0], "Effect": "Deny"}]}
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(changed), SetAsDefault=True)
    assert made["PolicyVersion"]["VersionId"] == "v2"
    assert [v["VersionId"] for v in pages(iam, "list_policy_versions", "Versions", PolicyArn=arn)] == ["v2", "v1"]
    with refused("DeleteConflict", "Cannot delete the default version of a policy.", status=409):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity", f"Policy {arn} was not found.", status=404):
        iam.get_policy(PolicyArn=arn)


def test_typed_exceptions(iam):
    create(iam)
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        create(iam)
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException):
        create(iam, "other", {"Version": "2012-10-17"})
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.attach_user_policy(UserName="nobody", PolicyArn=ADMIN)


def test_lists_by_paginator(iam, account):
    arns = {create(iam, f"p{number}") for number in range(5)}
    assert {policy["Arn"] for policy in pages(iam, "list_policies", "Policies", Scope="Local")} == arns
    everything = {policy["Arn"] for policy in pages(iam, "list_policies", "Policies")}
    assert arns < everything and ADMIN in everything


@pytest.mark.parametrize("kind", ["user", "group", "role"])
def test_policies_of_each_kind(iam, account, kind):
    name = {f"{kind.title()}Name": "one"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}]})
    getattr(iam, f"create_{kind}")(**name, **({"AssumeRolePolicyDocument": trust} if kind == "role" else {}))
    call = lambda operation, **more: getattr(iam, operation.format(kind))(**name, **more)  # noqa: E731
    call("put_{}_policy", PolicyName="in", PolicyDocument=json.dumps(READ))
    assert call("get_{}_policy", PolicyName="in")["PolicyDocument"] == READ
    assert pages(iam, f"list_{kind}_policies", "PolicyNames", **name) == ["in"]
    arns = sorted([create(iam, "a"), create(iam, "b"), ADMIN])
    for arn in arns:
        call("attach_{}_policy", PolicyArn=arn)
    held = pages(iam, f"list_attached_{kind}_policies", "AttachedPolicies", **name)
    assert sorted(policy["PolicyArn"] for policy in held) == arns
    with refused("DeleteConflict", ..., status=409):
        getattr(iam, f"delete_{kind}")(**name)
    for arn in arns:
        call("detach_{}_policy", PolicyArn=arn)
    call("delete_{}_policy", PolicyName="in")
    getattr(iam, f"delete_{kind}")(**name)


def test_a_policy_decides_from_the_next_request_on(iam, dev, user):
    kms = acting_as(iam, dev, "alice", "kms")
    with refused("AccessDeniedException", ...):
        kms.list_keys()
    arn = create(iam)
    iam.attach_user_policy(UserName="alice", PolicyArn=arn)
    kms.list_keys()
    none = {**READ, "Statement": [{**READ["Statement"][0], "Action": "kms:CreateKey"}]}
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(none), SetAsDefault=True)
    with refused("AccessDeniedException", ...):
        kms.list_keys()
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    kms.list_keys()


def test_a_boundary_limits_and_lets_go(iam, dev, user):
    kms = acting_as(iam, dev, "alice", "kms")
    iam.attach_user_policy(UserName="alice", PolicyArn=ADMIN)
    edge = create(iam, "edge")
    iam.put_user_permissions_boundary(UserName="alice", PermissionsBoundary=edge)
    kms.list_keys()
    with refused("AccessDeniedException", ...):
        kms.create_key()
    iam.delete_user_permissions_boundary(UserName="alice")
    kms.create_key()


def test_the_simulator_agrees_with_the_server(iam, dev, user):
    kms = acting_as(iam, dev, "alice", "kms")
    iam.put_user_policy(UserName="alice", PolicyName="in", PolicyDocument=json.dumps(READ))

    def simulated(action):
        answer = iam.simulate_principal_policy(PolicySourceArn=user["Arn"], ActionNames=[action])
        (result,) = answer["EvaluationResults"]
        return result

    allowed = simulated("kms:ListKeys")
    assert (allowed["EvalDecision"], allowed["EvalResourceName"]) == ("allowed", "*")
    (statement,) = allowed["MatchedStatements"]
    assert (statement["SourcePolicyId"], statement["SourcePolicyType"]) == ("user_alice_in", "IAM Policy")
    kms.list_keys()
    assert simulated("kms:CreateKey")["EvalDecision"] == "implicitDeny"
    with refused("AccessDeniedException", ...):
        kms.create_key()


def test_the_simulator_with_a_real_key_policy(iam, dev, account, user):
    kms = aws.client(dev, account)
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    key_policy = kms.get_key_policy(KeyId=arn)["Policy"]
    question = {
        "PolicyInputList": [json.dumps(READ)],
        "ResourceArns": [arn],
        "ResourcePolicy": key_policy,
        "CallerArn": user["Arn"],
    }
    decisions = {
        result["EvalActionName"]: result["ResourceSpecificResults"][0]["EvalResourceDecision"]
        for result in iam.simulate_custom_policy(ActionNames=["kms:DescribeKey", "kms:Encrypt"], **question)[
            "EvaluationResults"
        ]
    }
    assert decisions == {"kms:DescribeKey": "allowed", "kms:Encrypt": "implicitDeny"}


def test_the_whole_account(iam, user):
    iam.put_user_policy(UserName="alice", PolicyName="in", PolicyDocument=json.dumps(READ))
    iam.attach_user_policy(UserName="alice", PolicyArn=create(iam))
    paginator = iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 1})
    details = paginator.build_full_result()
    (found,) = details["UserDetailList"]
    assert found["UserPolicyList"] == [{"PolicyName": "in", "PolicyDocument": READ}]
    (policy,) = details["Policies"]
    assert (policy["AttachmentCount"], policy["PolicyVersionList"][0]["Document"]) == (1, READ)
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["Users"], summary["Policies"], summary["AttachedPoliciesPerUserQuota"]) == (1, 1, 10)


def test_the_command_line_client(dev, account, tmp_path):
    document = tmp_path / "policy.json"
    document.write_text(json.dumps(READ, indent=2))

    def cli(*arguments):
        script = os.path.join(os.path.dirname(sys.executable), "aws")
        done = subprocess.run(
            [script, "--endpoint-url", dev.url, "--region", "us-east-1", "--output", "json", "iam", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            env=servers.clean_environment(AWS_ACCESS_KEY_ID=account, AWS_SECRET_ACCESS_KEY="any"),
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    cli("create-user", "--user-name", "bob")
    made = cli("create-policy", "--policy-name", "read", "--policy-document", f"file://{document}")
    arn = made["Policy"]["Arn"]
    cli("attach-user-policy", "--user-name", "bob", "--policy-arn", arn)
    held = cli("list-attached-user-policies", "--user-name", "bob")["AttachedPolicies"]
    assert held == [{"PolicyName": "read", "PolicyArn": arn}]
    cli("put-user-policy", "--user-name", "bob", "--policy-name", "in", "--policy-document", f"file://{document}")
    assert cli("get-user-policy", "--user-name", "bob", "--policy-name", "in")["PolicyDocument"] == READ
    simulated = cli(
        "simulate-principal-policy", "--policy-source-arn", f"arn:aws:iam::{account}:user/bob",
        "--action-names", "kms:ListKeys", "kms:CreateKey",
    )
    decisions = [result["EvalDecision"] for result in simulated["EvaluationResults"]]
    assert decisions == ["allowed", "implicitDeny"]
