"""Users, access keys, groups, roles, account aliases and identity providers, as an administrator meets them."""

import json
import re
import urllib.parse

import pytest

import aws
import wire
from aws import refused
from identities import allow, conflict, document, exists, made, missing, pairs, trust


@pytest.fixture
def iam(dev, account):
    """IAM as root of a fresh account."""
    return aws.client(dev, account, service="iam")


# Users


def test_the_life_of_a_user(iam, account):
    user = made(iam.create_user(UserName="alice", Path="/staff/", Tags=pairs({"team": "blue"})), "User")
    assert re.fullmatch("AIDA[A-Z2-7]{17}", user["UserId"])
    arn = f"arn:aws:iam::{account}:user/staff/alice"
    common = {"UserName": "alice", "Path": "/staff/", "Arn": arn, "UserId": user["UserId"]}
    common["CreateDate"] = user["CreateDate"]
    assert user == {**common, "Tags": pairs({"team": "blue"})}
    assert made(iam.get_user(UserName="alice"), "User") == user
    # Lists leave tags out.
    assert iam.list_users()["Users"] == [common]

    iam.update_user(UserName="alice", NewUserName="Alicia", NewPath="/")
    renamed = iam.get_user(UserName="alicia")["User"]
    assert renamed == {**user, "UserName": "Alicia", "Path": "/", "Arn": f"arn:aws:iam::{account}:user/Alicia"}
    with missing("user", "alice"):
        iam.get_user(UserName="alice")

    iam.delete_user(UserName="ALICIA")
    assert iam.list_users()["Users"] == []
    for call in (iam.get_user, iam.delete_user, iam.update_user, iam.list_groups_for_user, iam.list_user_tags):
        with missing("user", "Alicia"):
            call(UserName="Alicia")


def test_root_is_shown_as_a_user_of_its_own_kind(iam, account):
    root = made(iam.get_user(), "User")
    created = root.pop("CreateDate")
    assert root == {"UserId": account, "Arn": f"arn:aws:iam::{account}:root"}
    assert created.tzinfo is not None
    iam.create_account_alias(AccountAlias=f"alias-{account}")
    assert iam.get_user()["User"]["UserName"] == f"alias-{account}"


def test_names_are_one_whatever_their_case(iam):
    iam.create_user(UserName="Alice")
    iam.create_group(GroupName="Devs")
    iam.create_role(RoleName="App", AssumeRolePolicyDocument=trust("*"))
    with exists("User", "aLICE"):
        iam.create_user(UserName="aLICE")
    with exists("Group", "DEVS"):
        iam.create_group(GroupName="DEVS")
    with exists("Role", "app"):
        iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust("*"))
    assert iam.get_user(UserName="ALICE")["User"]["UserName"] == "Alice"
    assert iam.get_group(GroupName="devs")["Group"]["GroupName"] == "Devs"
    assert iam.get_role(RoleName="APP")["Role"]["RoleName"] == "App"


def test_a_rename_keeps_everything_but_the_name(iam):
    before = iam.create_user(UserName="alice")["User"]
    iam.create_group(GroupName="devs")
    iam.create_user(UserName="bob")
    iam.add_user_to_group(GroupName="devs", UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"]
    iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=document(allow("kms:*")))
    with exists("User", "BOB"):
        iam.update_user(UserName="alice", NewUserName="BOB")
    # Another spelling of the own name is no other name.
    iam.update_user(UserName="alice", NewUserName="ALICE")
    iam.update_user(UserName="ALICE", NewUserName="carol")
    assert iam.get_user(UserName="carol")["User"]["UserId"] == before["UserId"]
    [shown] = iam.list_access_keys(UserName="carol")["AccessKeyMetadata"]
    assert (shown["AccessKeyId"], shown["UserName"]) == (key, "carol")
    assert iam.get_access_key_last_used(AccessKeyId=key)["UserName"] == "carol"
    assert iam.list_user_policies(UserName="carol")["PolicyNames"] == ["p"]
    iam.update_group(GroupName="devs", NewGroupName="makers", NewPath="/x/")
    answer = iam.get_group(GroupName="makers")
    assert [user["UserName"] for user in answer["Users"]] == ["carol"]
    assert answer["Group"]["Path"] == "/x/"
    iam.create_group(GroupName="devs")
    with exists("Group", "makers"):
        iam.update_group(GroupName="devs", NewGroupName="makers")


def test_what_hangs_on_a_user_must_go_first(iam):
    iam.create_user(UserName="alice")
    iam.create_group(GroupName="devs")
    policy = iam.create_policy(PolicyName="p", PolicyDocument=document(allow("kms:*")))["Policy"]["Arn"]
    key = iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"]
    iam.put_user_policy(UserName="alice", PolicyName="inline", PolicyDocument=document(allow("kms:*")))
    iam.attach_user_policy(UserName="alice", PolicyArn=policy)
    iam.add_user_to_group(GroupName="devs", UserName="alice")
    with conflict("must delete access keys first"):
        iam.delete_user(UserName="alice")
    iam.delete_access_key(UserName="alice", AccessKeyId=key)
    with conflict("must delete policies first"):
        iam.delete_user(UserName="alice")
    iam.delete_user_policy(UserName="alice", PolicyName="inline")
    with conflict("must detach all policies first"):
        iam.delete_user(UserName="alice")
    iam.detach_user_policy(UserName="alice", PolicyArn=policy)
    with conflict("must remove users from group first"):
        iam.delete_user(UserName="alice")
    with conflict("must remove users from group first"):
        iam.delete_group(GroupName="devs")
    iam.remove_user_from_group(GroupName="devs", UserName="alice")
    iam.delete_user(UserName="alice")

    iam.put_group_policy(GroupName="devs", PolicyName="inline", PolicyDocument=document(allow("kms:*")))
    iam.attach_group_policy(GroupName="devs", PolicyArn=policy)
    with conflict("must delete policies first"):
        iam.delete_group(GroupName="devs")
    iam.delete_group_policy(GroupName="devs", PolicyName="inline")
    with conflict("must detach all policies first"):
        iam.delete_group(GroupName="devs")
    iam.detach_group_policy(GroupName="devs", PolicyArn=policy)
    iam.delete_group(GroupName="devs")
    with missing("group", "devs"):
        iam.delete_group(GroupName="devs")


def test_boundaries_of_new_users_and_roles(iam, account):
    policy = iam.create_policy(PolicyName="limit", PolicyDocument=document(allow("kms:*")))["Policy"]["Arn"]
    user = iam.create_user(UserName="alice", PermissionsBoundary=policy)["User"]
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy
    assert iam.get_user(UserName="alice")["User"] == user
    assert "PermissionsBoundary" not in iam.list_users()["Users"][0]
    role = iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust(account), PermissionsBoundary=policy)["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy
    assert iam.get_role(RoleName="app")["Role"]["PermissionsBoundary"] == role["PermissionsBoundary"]
    assert "PermissionsBoundary" not in iam.list_roles()["Roles"][0]
    with refused("DeleteConflict", "Cannot delete a policy attached to entities.", status=409):
        iam.delete_policy(PolicyArn=policy)
    none = f"arn:aws:iam::{account}:policy/none"
    text = f"Scope ARN: {none} does not exist or is not attachable."
    with refused("NoSuchEntity", text, status=404):
        iam.create_user(UserName="bob", PermissionsBoundary=none)
    with refused("InvalidInput", text):
        iam.create_role(RoleName="x", AssumeRolePolicyDocument=trust(account), PermissionsBoundary=none)


# Lists


def names_of(answer, what):
    return [entry[f"{what}Name"] for entry in answer[f"{what}s"]]


@pytest.mark.parametrize("what", ["User", "Group", "Role"])
def test_lists_come_in_pages_by_name(iam, what):
    listing = f"list_{what.lower()}s"
    for number, name in enumerate(["delta", "Alpha", "echo", "bravo", "Charlie", "golf", "foxtrot"]):
        more = {"AssumeRolePolicyDocument": trust("*")} if what == "Role" else {}
        path = "/even/" if number % 2 == 0 else "/odd/deep/"
        getattr(iam, f"create_{what.lower()}")(**{f"{what}Name": name}, Path=path, **more)
    pages = list(iam.get_paginator(listing).paginate(PaginationConfig={"PageSize": 3}))
    assert [names_of(page, what) for page in pages] == [
        ["Alpha", "bravo", "Charlie"],
        ["delta", "echo", "foxtrot"],
        ["golf"],
    ]
    assert [page["IsTruncated"] for page in pages] == [True, True, False]
    assert ["Marker" in page for page in pages] == [True, True, False]
    for prefix, expected in [
        ("/even/", ["Charlie", "delta", "echo", "foxtrot"]),
        ("/odd/", ["Alpha", "bravo", "golf"]),
        ("/odd/d", ["Alpha", "bravo", "golf"]),
        ("/o", ["Alpha", "bravo", "golf"]),
        ("/deep/", []),
    ]:
        assert names_of(getattr(iam, listing)(PathPrefix=prefix), what) == expected
    first = getattr(iam, listing)(PathPrefix="/even/", MaxItems=1)
    rest = getattr(iam, listing)(PathPrefix="/even/", Marker=first["Marker"])
    assert names_of(first, what) + names_of(rest, what) == ["Charlie", "delta", "echo", "foxtrot"]
    with refused("ValidationError", "Invalid Marker."):
        getattr(iam, listing)(Marker="no marker!")
    for items in (0, 1001):
        with refused("ValidationError", ...):
            getattr(iam, listing)(MaxItems=items)


def test_members_and_memberships_come_in_pages(iam):
    for name in ("a", "b", "c"):
        iam.create_user(UserName=name)
        iam.create_group(GroupName=f"g{name}")
        iam.add_user_to_group(GroupName="ga", UserName=name)
        iam.add_user_to_group(GroupName=f"g{name}", UserName="a")
    first = iam.get_group(GroupName="ga", MaxItems=2)
    assert names_of(first, "User") == ["a", "b"] and first["IsTruncated"]
    last = iam.get_group(GroupName="ga", MaxItems=2, Marker=first["Marker"])
    assert names_of(last, "User") == ["c"] and not last["IsTruncated"]
    first = iam.list_groups_for_user(UserName="a", MaxItems=1)
    rest = iam.list_groups_for_user(UserName="a", Marker=first["Marker"])
    assert names_of(first, "Group") + names_of(rest, "Group") == ["ga", "gb", "gc"]


# Groups


def test_groups(iam, account):
    group = made(iam.create_group(GroupName="devs", Path="/x/"), "Group")
    assert re.fullmatch("AGPA[A-Z2-7]{17}", group["GroupId"])
    assert group["Arn"] == f"arn:aws:iam::{account}:group/x/devs"
    answer = iam.get_group(GroupName="devs")
    assert (answer["Group"], answer["Users"], answer["IsTruncated"]) == (group, [], False)
    iam.create_user(UserName="alice")
    for _ in range(2):
        # To join again changes nothing.
        iam.add_user_to_group(GroupName="DEVS", UserName="ALICE")
    assert names_of(iam.get_group(GroupName="devs"), "User") == ["alice"]
    for call in (iam.add_user_to_group, iam.remove_user_from_group):
        with missing("group", "none"):
            call(GroupName="none", UserName="alice")
        with missing("user", "nobody"):
            call(GroupName="devs", UserName="nobody")
    iam.remove_user_from_group(GroupName="devs", UserName="alice")
    with refused("NoSuchEntity", ..., status=404):
        iam.remove_user_from_group(GroupName="devs", UserName="alice")
    for number in range(10):
        iam.create_group(GroupName=f"g{number}")
        iam.add_user_to_group(GroupName=f"g{number}", UserName="alice")
    with refused("LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10", status=409):
        iam.add_user_to_group(GroupName="devs", UserName="alice")


# Tags


@pytest.mark.parametrize("what", ["user", "role"])
def test_tags(iam, what):
    name = {f"{what.title()}Name": "one"}
    more = {"AssumeRolePolicyDocument": trust("*")} if what == "role" else {}
    create, tag, untag = (getattr(iam, f"{verb}_{what}") for verb in ("create", "tag", "untag"))
    listing = getattr(iam, f"list_{what}_tags")
    create(**name, **more)
    assert listing(**name)["Tags"] == []
    tag(**name, Tags=pairs({"team": "blue", "env": "prod", "empty": ""}))
    # A key in another case is the same key, and keeps the case it came in last.
    tag(**name, Tags=pairs({"TEAM": "red"}))
    expected = pairs({"TEAM": "red", "empty": "", "env": "prod"})
    assert listing(**name)["Tags"] == expected
    assert getattr(iam, f"get_{what}")(**name)[what.title()]["Tags"] == expected
    first = listing(**name, MaxItems=2)
    assert first["Tags"] + listing(**name, Marker=first["Marker"])["Tags"] == expected
    untag(**name, TagKeys=["EnV", "none"])
    assert listing(**name)["Tags"] == pairs({"TEAM": "red", "empty": ""})

    twice = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
    with refused("InvalidInput", twice):
        tag(**name, Tags=pairs({"a": "1", "A": "2"}))
    other = {f"{what.title()}Name": "two"}
    with refused("InvalidInput", twice):
        create(**other, **more, Tags=pairs({"a": "1", "A": "2"}))
    with refused("InvalidInput", ...):
        tag(**name, Tags=pairs({"aws:x": "1"}))
    tag(**name, Tags=pairs({f"k{number}": "v" for number in range(48)}))
    tag(**name, Tags=pairs({"k1": "replaced"}))
    with refused("LimitExceeded", "The number of tags has reached the maximum limit.", status=409):
        tag(**name, Tags=pairs({"one more": "v"}))
    with missing(what, "none"):
        tag(**{f"{what.title()}Name": "none"}, Tags=pairs({"a": "1"}))
    with missing(what, "none"):
        untag(**{f"{what.title()}Name": "none"}, TagKeys=["a"])


# Access keys


def test_the_life_of_an_access_key(iam):
    iam.create_user(UserName="alice")
    iam.create_user(UserName="bob")
    key = made(iam.create_access_key(UserName="alice"), "AccessKey")
    assert set(key) == {"UserName", "AccessKeyId", "Status", "SecretAccessKey", "CreateDate"}
    assert (key["UserName"], key["Status"]) == ("alice", "Active")
    assert re.fullmatch("[A-Za-z0-9+/]{40}", key["SecretAccessKey"])
    second = iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"]
    with refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", status=409):
        iam.create_access_key(UserName="alice")
    iam.update_access_key(UserName="alice", AccessKeyId=second, Status="Inactive")
    listed = iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]
    statuses = {entry["AccessKeyId"]: entry["Status"] for entry in listed}
    assert statuses == {key["AccessKeyId"]: "Active", second: "Inactive"}
    assert all(set(entry) == {"UserName", "AccessKeyId", "Status", "CreateDate"} for entry in listed)
    first = iam.list_access_keys(UserName="alice", MaxItems=1)
    rest = iam.list_access_keys(UserName="alice", Marker=first["Marker"])
    assert first["AccessKeyMetadata"] + rest["AccessKeyMetadata"] == listed

    text = f"The Access Key with id {second} cannot be found."
    # Neither bob's nor root's.
    for holder in ({"UserName": "bob"}, {}):
        with refused("NoSuchEntity", text, status=404):
            iam.delete_access_key(AccessKeyId=second, **holder)
        with refused("NoSuchEntity", text, status=404):
            iam.update_access_key(AccessKeyId=second, Status="Active", **holder)
    with refused("InvalidInput", ...):
        iam.update_access_key(UserName="alice", AccessKeyId=second, Status="Expired")
    with missing("user", "none"):
        iam.create_access_key(UserName="none")
    iam.delete_access_key(UserName="alice", AccessKeyId=second)
    with refused("NoSuchEntity", text, status=404):
        iam.delete_access_key(UserName="alice", AccessKeyId=second)
    iam.create_access_key(UserName="alice")


def test_when_a_key_was_last_used(dev, iam, account):
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    answer = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert answer["UserName"] == "alice"
    assert answer["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    mine = (key["AccessKeyId"], key["SecretAccessKey"])
    aws.client(dev, *mine, service="sts", region="eu-west-1").get_caller_identity()
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("sts", "eu-west-1")
    assert abs(used["LastUsedDate"].timestamp() - dev.now()) < 60
    # Neither another account's key nor none is told of.
    stranger = aws.fresh_account()
    for caller, key_id in [(stranger, key["AccessKeyId"]), (account, "AKIAIOSFODNN7EXAMPLE")]:
        text = (
            f"User: arn:aws:iam::{caller}:root is not authorized to perform: iam:GetAccessKeyLastUsed on resource: "
            f"access key {key_id}"
        )
        with refused("AccessDenied", text, status=403):
            aws.client(dev, caller, service="iam").get_access_key_last_used(AccessKeyId=key_id)


def test_root_makes_keys_of_its_own(dev, iam, account):
    first = iam.create_access_key()["AccessKey"]
    own = aws.client(dev, first["AccessKeyId"], first["SecretAccessKey"], service="iam")
    assert own.get_user()["User"]["UserId"] == account
    second = own.create_access_key()["AccessKey"]["AccessKeyId"]
    with refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", status=409):
        own.create_access_key()
    assert {key["AccessKeyId"] for key in own.list_access_keys()["AccessKeyMetadata"]} == {first["AccessKeyId"], second}
    own.update_access_key(AccessKeyId=second, Status="Inactive")
    own.delete_access_key(AccessKeyId=second)
    assert [key["AccessKeyId"] for key in own.list_access_keys()["AccessKeyMetadata"]] == [first["AccessKeyId"]]


# Roles


def test_the_life_of_a_role(iam, account):
    text = trust(f"arn:aws:iam::{account}:root")
    role = made(
        iam.create_role(
            RoleName="app",
            Path="/svc/",
            AssumeRolePolicyDocument=text,
            Description="What the app may",
            MaxSessionDuration=7200,
            Tags=pairs({"team": "blue"}),
        ),
        "Role",
    )
    assert re.fullmatch("AROA[A-Z2-7]{17}", role["RoleId"])
    common = {
        "RoleName": "app",
        "Path": "/svc/",
        "Arn": f"arn:aws:iam::{account}:role/svc/app",
        "RoleId": role["RoleId"],
        "CreateDate": role["CreateDate"],
        "AssumeRolePolicyDocument": json.loads(text),
        "Description": "What the app may",
    }
    assert role == {**common, "Tags": pairs({"team": "blue"})}
    whole = {**role, "MaxSessionDuration": 7200, "RoleLastUsed": {}}
    assert made(iam.get_role(RoleName="app"), "Role") == whole
    assert iam.list_roles()["Roles"] == [{**common, "MaxSessionDuration": 7200}]

    # What is left out stays.
    iam.update_role(RoleName="app", Description="")
    assert iam.get_role(RoleName="app")["Role"] == {**whole, "Description": ""}
    iam.update_role(RoleName="app", MaxSessionDuration=43200)
    described = iam.update_role_description(RoleName="app", Description="again")["Role"]
    assert (described["Description"], described["MaxSessionDuration"]) == ("again", 43200)
    assert iam.get_role(RoleName="app")["Role"]["MaxSessionDuration"] == 43200
    for seconds in (3599, 43201):
        with refused("ValidationError", ...):
            iam.update_role(RoleName="app", MaxSessionDuration=seconds)

    other = trust(account)
    iam.update_assume_role_policy(RoleName="app", PolicyDocument=other)
    assert iam.get_role(RoleName="app")["Role"]["AssumeRolePolicyDocument"] == json.loads(other)

    policy = iam.create_policy(PolicyName="p", PolicyDocument=document(allow("kms:*")))["Policy"]["Arn"]
    iam.put_role_policy(RoleName="app", PolicyName="inline", PolicyDocument=document(allow("kms:*")))
    iam.attach_role_policy(RoleName="app", PolicyArn=policy)
    with conflict("must delete policies first"):
        iam.delete_role(RoleName="app")
    iam.delete_role_policy(RoleName="app", PolicyName="inline")
    with conflict("must detach all policies first"):
        iam.delete_role(RoleName="app")
    iam.detach_role_policy(RoleName="app", PolicyArn=policy)
    iam.delete_role(RoleName="app")
    for call in (iam.get_role, iam.delete_role, iam.update_role, iam.list_role_tags):
        with missing("role", "app"):
            call(RoleName="app")
    with missing("role", "app"):
        iam.update_assume_role_policy(RoleName="app", PolicyDocument=other)


def test_trust_policies_travel_encoded(dev, iam, account):
    text = '{"Version": "2012-10-17",\n "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, '
    text += '"Action": "sts:AssumeRole", "Condition": {"StringLike": {"aws:username": "a-b_c.d~*é"}}}}'
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=text)
    answer = wire.post(
        dev,
        b"Action=GetRole&Version=2010-05-08&RoleName=app",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        service="iam",
        access_key=account,
    )
    found = wire.xml(answer.body)
    assert found.tag == "{https://iam.amazonaws.com/doc/2010-05-08/}GetRoleResponse"
    encoded = found.find(".//{*}AssumeRolePolicyDocument").text
    assert encoded == urllib.parse.quote(text, safe="")
    assert encoded.startswith("%7B%22Version%22%3A%20%222012-10-17%22%2C%0A")


def malformed(text):
    return refused("MalformedPolicyDocument", text)


def test_trust_policies_that_are_none(iam, account):
    iam.create_role(RoleName="there", AssumeRolePolicyDocument=trust("*"))
    nobody = f"arn:aws:iam::{account}:user/nobody"
    foreign = f"arn:aws:iam::{account}:role/none"
    cases = [
        ("{", "This policy contains invalid Json"),
        (trust(nobody), f'Invalid principal in policy: "AWS":"{nobody}"'),
        (trust([account, foreign]), f'Invalid principal in policy: "AWS":"{foreign}"'),
        (trust("*", Resource="*"), "Has prohibited field Resource."),
    ]
    for text, message in cases:
        with malformed(message):
            iam.create_role(RoleName="app", AssumeRolePolicyDocument=text)
        with malformed(message):
            iam.update_assume_role_policy(RoleName="there", PolicyDocument=text)
    # Blanks do not count.
    sized = [trust("*", Condition={"StringEquals": {"aws:username": "x" * length}}) for length in (1800, 2100)]
    iam.update_assume_role_policy(RoleName="there", PolicyDocument=sized[0] + " " * 3000)
    quota = refused("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", status=409)
    with quota:
        iam.update_assume_role_policy(RoleName="there", PolicyDocument=sized[1])
    with missing("role", "app"):
        iam.get_role(RoleName="app")


def test_a_trust_policy_means_whom_it_named(iam):
    def trusted():
        return iam.get_role(RoleName="app")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]

    alice = iam.create_user(UserName="alice")["User"]
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust(alice["Arn"]))
    assert trusted() == alice["Arn"]
    # Under another name it is the same user.
    iam.update_user(UserName="alice", NewUserName="alicia", NewPath="/x/")
    assert trusted() == iam.get_user(UserName="alicia")["User"]["Arn"]
    iam.update_user(UserName="alicia", NewUserName="alice", NewPath="/")
    assert trusted() == alice["Arn"]
    iam.delete_user(UserName="alice")
    assert trusted() == alice["UserId"]
    iam.create_user(UserName="alice")
    assert trusted() == alice["UserId"]
    [listed] = iam.list_roles()["Roles"]
    assert listed["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"] == alice["UserId"]
    # What it reads is no longer a principal.
    with malformed(f'Invalid principal in policy: "AWS":"{alice["UserId"]}"'):
        iam.update_assume_role_policy(RoleName="app", PolicyDocument=trust(alice["UserId"]))
    iam.update_assume_role_policy(RoleName="app", PolicyDocument=trust(alice["Arn"]))
    assert trusted() == alice["Arn"]


# Account aliases


def test_account_aliases(dev, iam, account):
    names = [f"{prefix}-{account}" for prefix in ("first", "second")]
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.create_account_alias(AccountAlias=names[0])
    # A second one takes the place of the first.
    iam.create_account_alias(AccountAlias=names[1])
    answer = iam.list_account_aliases()
    assert (answer["AccountAliases"], answer["IsTruncated"]) == ([names[1]], False)
    other = aws.client(dev, aws.fresh_account(), service="iam")
    for client in (iam, other):
        with refused("EntityAlreadyExists", f"The account alias {names[1]} already exists.", status=409):
            client.create_account_alias(AccountAlias=names[1])
    other.create_account_alias(AccountAlias=names[0])
    for client, name in [(iam, names[0]), (other, names[1])]:
        with refused("NoSuchEntity", f"The account alias {name} cannot be found.", status=404):
            client.delete_account_alias(AccountAlias=name)
    iam.delete_account_alias(AccountAlias=names[1])
    assert iam.list_account_aliases()["AccountAliases"] == []
    for wrong in ("ab", "a" * 64, "-abc", "abc-", "a--b", "Abc", "a.b"):
        with refused("ValidationError", ...):
            iam.create_account_alias(AccountAlias=wrong)


# OpenID Connect providers


def test_the_life_of_a_provider(iam, account):
    url = "https://issuer.example.com/realms/Main"
    thumbprint = "6938FD4D98BAB03FAADB97B34396831E3780AEA1"
    answer = iam.create_open_id_connect_provider(
        Url=url, ClientIDList=["sts.amazonaws.com"], ThumbprintList=[thumbprint], Tags=pairs({"team": "blue"})
    )
    arn = answer["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{account}:oidc-provider/issuer.example.com/realms/Main"
    assert answer["Tags"] == pairs({"team": "blue"})
    named = {"OpenIDConnectProviderArn": arn}
    provider = iam.get_open_id_connect_provider(**named)
    assert provider["Url"] == "issuer.example.com/realms/Main"
    assert provider["ClientIDList"] == ["sts.amazonaws.com"]
    assert provider["ThumbprintList"] == [thumbprint.lower()]
    assert provider["Tags"] == pairs({"team": "blue"})
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": arn}]
    with refused("EntityAlreadyExists", f"Provider with url {url} already exists.", status=409):
        iam.create_open_id_connect_provider(Url=url)

    for _ in range(2):
        iam.add_client_id_to_open_id_connect_provider(**named, ClientID="app")
    assert iam.get_open_id_connect_provider(**named)["ClientIDList"] == ["app", "sts.amazonaws.com"]
    for _ in range(2):
        iam.remove_client_id_from_open_id_connect_provider(**named, ClientID="app")
    assert iam.get_open_id_connect_provider(**named)["ClientIDList"] == ["sts.amazonaws.com"]
    iam.update_open_id_connect_provider_thumbprint(**named, ThumbprintList=["a" * 40, "B" * 40])
    assert iam.get_open_id_connect_provider(**named)["ThumbprintList"] == ["a" * 40, "b" * 40]

    iam.tag_open_id_connect_provider(**named, Tags=pairs({"TEAM": "red", "env": "prod"}))
    iam.untag_open_id_connect_provider(**named, TagKeys=["ENV"])
    assert iam.list_open_id_connect_provider_tags(**named)["Tags"] == pairs({"TEAM": "red"})

    iam.delete_open_id_connect_provider(**named)
    with refused("NoSuchEntity", f"OpenId connect Provider {arn} cannot be found.", status=404):
        iam.delete_open_id_connect_provider(**named)
    gone = f"OpenIDConnect Provider not found for arn {arn}"
    for call, more in [
        (iam.get_open_id_connect_provider, {}),
        (iam.add_client_id_to_open_id_connect_provider, {"ClientID": "app"}),
        (iam.remove_client_id_from_open_id_connect_provider, {"ClientID": "app"}),
        (iam.update_open_id_connect_provider_thumbprint, {"ThumbprintList": ["a" * 40]}),
        (iam.tag_open_id_connect_provider, {"Tags": pairs({"a": "1"})}),
        (iam.untag_open_id_connect_provider, {"TagKeys": ["a"]}),
        (iam.list_open_id_connect_provider_tags, {}),
    ]:
        with refused("NoSuchEntity", gone, status=404):
            call(**named, **more)


def test_what_a_provider_may_be(iam, account):
    create = iam.create_open_id_connect_provider
    with refused("ValidationError", "Invalid Open ID Connect Provider URL"):
        create(Url="example.com")
    with refused("InvalidInput", "Invalid Open ID Connect Provider URL. The URL must begin with https://."):
        create(Url="http://example.com")
    with refused("InvalidInput", "Invalid Open ID Connect Provider URL."):
        create(Url="https://example.com?foo=1")
    with refused("ValidationError", ...):
        create(Url="https://" + "a" * 250 + ".com")
    with refused("InvalidInput", "Thumbprint list must contain fewer than 5 entries."):
        create(Url="https://example.com", ThumbprintList=[str(number) * 40 for number in range(6)])
    quota = refused("LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100", status=409)
    with quota:
        create(Url="https://example.com", ClientIDList=[f"c{number}" for number in range(101)])
    arn = create(Url="http://127.0.0.1:5556/dex", ClientIDList=[f"c{number}" for number in range(100)])
    arn = arn["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{account}:oidc-provider/127.0.0.1:5556/dex"
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ThumbprintList"] == []
    with refused("LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100", status=409):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="one-more")
    with refused("ValidationError", "Invalid ARN:  Could not be parsed!"):
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn="something that is no ARN")


# Accounts


def test_accounts_do_not_see_each_other(dev, iam, account):
    iam.create_user(UserName="alice")
    iam.create_group(GroupName="devs")
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust("*"))
    arn = iam.create_open_id_connect_provider(Url="https://example.com")["OpenIDConnectProviderArn"]
    other = aws.client(dev, aws.fresh_account(), service="iam")
    for answer, list_name in [
        (other.list_users(), "Users"),
        (other.list_groups(), "Groups"),
        (other.list_roles(), "Roles"),
        (other.list_open_id_connect_providers(), "OpenIDConnectProviderList"),
    ]:
        assert answer[list_name] == []
    with missing("user", "alice"):
        other.get_user(UserName="alice")
    with missing("role", "app"):
        other.delete_role(RoleName="app")
    for call in (other.get_open_id_connect_provider, other.delete_open_id_connect_provider):
        with refused("AccessDenied", ..., status=403):
            call(OpenIDConnectProviderArn=arn)
    other.create_user(UserName="alice")
    assert iam.get_user(UserName="alice")["User"]["Arn"] == f"arn:aws:iam::{account}:user/alice"
