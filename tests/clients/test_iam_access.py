"""What users and groups may, on a server that enforces."""

import re

import botocore.exceptions
import pytest

import aws
import server as servers
from aws import refused
from identities import allow, document, pairs, trust

PARTNER = "444455556666"
INVALID = "The security token included in the request is invalid."


class World:
    """A durable server that verifies signatures, as its root sees it."""

    def __init__(self, home, served):
        self.served = served
        self.root = (home.access_key, home.secret_key)
        self.iam = self.client(self.root, "iam")
        self.names = iter(range(10**6))

    def client(self, credentials, service="kms", **config):
        return aws.client(self.served, *credentials, service=service, **config)

    def user(self, *statements, **more):
        """(name, credentials)"""
        name = f"user-{next(self.names)}"
        self.iam.create_user(UserName=name, **more)
        if statements:
            self.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
        return name, self.key(name)

    def key(self, name):
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]


@pytest.fixture(scope="module")
def world(home, served):
    return World(home, served)


def session_of(answer):
    given = answer["Credentials"]
    return given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]


def denied(caller, action, resource=None):
    where = f" on resource: {resource}" if resource else ""
    because = f"because no identity-based policy allows the {action} action"
    return refused("AccessDenied", f"{caller} is not authorized to perform: {action}{where} {because}", status=403)


def test_a_users_key_works_while_it_may(world):
    name, credentials = world.user()
    kms = world.client(credentials)
    arn = world.iam.get_user(UserName=name)["User"]["Arn"]
    text = f"User: {arn} is not authorized to perform: kms:ListKeys"
    text += " because no identity-based policy allows the kms:ListKeys action"
    with refused("AccessDeniedException", text):
        kms.list_keys()
    world.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(allow("kms:ListKeys")))
    kms.list_keys()
    world.iam.update_access_key(UserName=name, AccessKeyId=credentials[0], Status="Inactive")
    with refused("UnrecognizedClientException", INVALID):
        kms.list_keys()
    world.iam.update_access_key(UserName=name, AccessKeyId=credentials[0], Status="Active")
    kms.list_keys()
    world.iam.delete_access_key(UserName=name, AccessKeyId=credentials[0])
    with refused("UnrecognizedClientException", INVALID):
        kms.list_keys()


def test_a_user_made_again_inherits_nothing(world):
    name, credentials = world.user(allow("kms:ListKeys"))
    session = session_of(world.client(credentials, "sts").get_session_token())
    world.client(credentials).list_keys()
    world.client(session).list_keys()
    world.iam.delete_user_policy(UserName=name, PolicyName="p")
    world.iam.delete_access_key(UserName=name, AccessKeyId=credentials[0])
    world.iam.delete_user(UserName=name)
    world.iam.create_user(UserName=name)
    world.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(allow("kms:ListKeys")))
    for old in (credentials, session):
        with refused("UnrecognizedClientException", INVALID):
            world.client(old).list_keys()
    assert world.iam.list_access_keys(UserName=name)["AccessKeyMetadata"] == []


def test_a_group_gives_its_members_what_it_may(world):
    name, credentials = world.user()
    group = f"group-of-{name}"
    world.iam.create_group(GroupName=group)
    world.iam.put_group_policy(GroupName=group, PolicyName="p", PolicyDocument=document(allow("kms:ListKeys")))
    kms = world.client(credentials)
    with refused("AccessDeniedException", ...):
        kms.list_keys()
    world.iam.add_user_to_group(GroupName=group, UserName=name)
    kms.list_keys()
    world.iam.update_group(GroupName=group, NewGroupName=f"{group}-renamed")
    kms.list_keys()
    world.iam.remove_user_from_group(GroupName=f"{group}-renamed", UserName=name)
    with refused("AccessDeniedException", ...):
        kms.list_keys()


def test_who_leaves_the_name_out_means_itself(world):
    actions = ["iam:GetUser", "iam:CreateAccessKey", "iam:ListAccessKeys", "iam:UpdateAccessKey", "iam:DeleteAccessKey"]
    own = "arn:aws:iam::*:user/${aws:username}"
    name, credentials = world.user(allow(actions, own))
    iam = world.client(credentials, "iam")
    assert iam.get_user()["User"]["UserName"] == name
    other = iam.create_access_key()["AccessKey"]
    assert other["UserName"] == name
    assert {key["AccessKeyId"] for key in iam.list_access_keys()["AccessKeyMetadata"]} == {
        credentials[0],
        other["AccessKeyId"],
    }
    iam.update_access_key(AccessKeyId=other["AccessKeyId"], Status="Inactive")
    iam.delete_access_key(AccessKeyId=other["AccessKeyId"])
    arn = iam.get_user()["User"]["Arn"]
    stranger, _ = world.user()
    for victim in (stranger, "nobody-at-all"):
        # Whether there is such a user is not told.
        with denied(f"User: {arn}", "iam:CreateAccessKey", f"user {victim}"):
            iam.create_access_key(UserName=victim)


def test_sessions(world):
    name, credentials = world.user(allow("*"))
    iam = world.client(credentials, "iam")
    iam.get_user()
    sts = world.client(credentials, "sts")
    federated = {"Name": "bob", "Policy": document(allow("*"))}
    for session in (
        sts.get_session_token(),
        sts.get_federation_token(**federated),
        world.client(world.root, "sts").get_session_token(),
    ):
        for call in ("list_users", "get_user", "list_account_aliases"):
            with refused("InvalidClientTokenId", INVALID, status=403):
                getattr(world.client(session_of(session), "iam"), call)()
    # Roles may, but have no user to mean.
    arn = iam.get_user()["User"]["Arn"]
    role = f"role-of-{name}"
    made_role = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust(arn))["Role"]
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=document(allow("iam:*")))
    session = session_of(sts.assume_role(RoleArn=made_role["Arn"], RoleSessionName="shift"))
    acting = world.client(session, "iam")
    assert acting.get_user(UserName=name)["User"]["UserName"] == name
    for call in (acting.get_user, acting.create_access_key, acting.list_access_keys):
        with refused("ValidationError", "Must specify userName when calling with non-User credentials"):
            call()
    used = iam.get_role(RoleName=role)["Role"]["RoleLastUsed"]
    assert used["Region"] == "us-east-1" and "LastUsedDate" in used


def test_conditions_on_what_is_made(world):
    limit = world.iam.create_policy(PolicyName="limit", PolicyDocument=document(allow("kms:*")))["Policy"]["Arn"]
    limited = {"ArnEquals": {"iam:PermissionsBoundary": limit}}
    name, credentials = world.user(
        allow("iam:CreateUser", "arn:aws:iam::*:user/limited/*", Condition=limited),
        allow(
            ["iam:CreateUser", "iam:TagUser"],
            "arn:aws:iam::*:user/tagged/*",
            Condition={
                "StringEquals": {"aws:RequestTag/team": "blue"},
                "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "env"]},
            },
        ),
        allow("iam:DeleteUser", Condition={"StringEquals": {"iam:ResourceTag/team": "blue"}}),
        allow("iam:UntagUser", Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["env"]}}),
        allow("iam:GetUser", Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}}),
    )
    iam = world.client(credentials, "iam")

    def refuses(call, **arguments):
        with refused("AccessDenied", ..., status=403):
            call(**arguments)

    refuses(iam.create_user, UserName="l1", Path="/limited/")
    wider = "arn:aws:iam::aws:policy/AdministratorAccess"
    refuses(iam.create_user, UserName="l1", Path="/limited/", PermissionsBoundary=wider)
    refuses(iam.create_user, UserName="l1", Path="/", PermissionsBoundary=limit)
    iam.create_user(UserName="l1", Path="/limited/", PermissionsBoundary=limit)

    refuses(iam.create_user, UserName="t1", Path="/tagged/")
    refuses(iam.create_user, UserName="t1", Path="/tagged/", Tags=pairs({"team": "red"}))
    refuses(iam.create_user, UserName="t1", Path="/tagged/", Tags=pairs({"team": "blue", "other": "x"}))
    iam.create_user(UserName="t1", Path="/tagged/", Tags=pairs({"team": "blue", "env": "prod"}))
    refuses(iam.tag_user, UserName="t1", Tags=pairs({"team": "red"}))
    iam.tag_user(UserName="t1", Tags=pairs({"team": "blue"}))
    refuses(iam.untag_user, UserName="t1", TagKeys=["team"])
    iam.untag_user(UserName="t1", TagKeys=["env"])
    assert iam.get_user(UserName="t1")["User"]["Tags"] == pairs({"team": "blue"})
    refuses(iam.get_user, UserName="l1")
    refuses(iam.delete_user, UserName="l1")
    iam.delete_user(UserName="t1")
    # There or not: who may not ask is not told.
    refuses(iam.delete_user, UserName="t1")
    world.iam.delete_user(UserName="l1")


def test_a_rename_needs_both_names(world):
    name, credentials = world.user(allow("iam:UpdateUser", ["arn:aws:iam::*:user/a/*", "arn:aws:iam::*:user/b/x*"]))
    iam = world.client(credentials, "iam")
    world.iam.create_user(UserName="mover", Path="/a/")
    with refused("AccessDenied", re.compile(r".* on resource: arn:aws:iam::\d{12}:user/b/mover .*"), status=403):
        iam.update_user(UserName="mover", NewPath="/b/")
    iam.update_user(UserName="mover", NewPath="/b/", NewUserName="x-mover")
    with refused("AccessDenied", ..., status=403):
        iam.update_user(UserName="x-mover", NewPath="/")
    world.iam.delete_user(UserName="x-mover")


def test_lists_below_a_path(world):
    name, credentials = world.user(allow("iam:ListUsers", "arn:aws:iam::*:user/seen/*"))
    iam = world.client(credentials, "iam")
    assert iam.list_users(PathPrefix="/seen/")["Users"] == []
    account = world.client(world.root, "sts").get_caller_identity()["Account"]
    caller = f"User: arn:aws:iam::{account}:user/{name}"
    with denied(caller, "iam:ListUsers", f"arn:aws:iam::{account}:user/"):
        iam.list_users()
    with denied(caller, "iam:ListRoles", f"arn:aws:iam::{account}:role/"):
        iam.list_roles()
    with denied(caller, "iam:ListAccountAliases"):
        iam.list_account_aliases()


def test_another_accounts_root_has_its_own_people(world, home):
    ran = servers.run("account", "create", "--data-dir", home.folder, "--name", "partner", "--account", PARTNER)
    assert ran.returncode == 0, ran.stderr
    partner = tuple(re.findall(r"export AWS_\w+=(\S+)", ran.stdout))
    iam = world.client(partner, "iam")
    assert iam.get_user()["User"]["UserId"] == PARTNER
    name, credentials = world.user(allow("*"))
    iam.create_user(UserName=name)
    assert iam.get_user(UserName=name)["User"]["Arn"] == f"arn:aws:iam::{PARTNER}:user/{name}"
    with refused("NoSuchEntity", f"The Access Key with id {credentials[0]} cannot be found.", status=404):
        iam.delete_access_key(UserName=name, AccessKeyId=credentials[0])
    iam.delete_user(UserName=name)
    with pytest.raises(botocore.exceptions.ClientError):
        iam.get_user(UserName=name)
    assert world.client(credentials, "iam").get_user()["User"]["UserName"] == name
