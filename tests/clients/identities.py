"""What tests of identities share: policy documents, and the errors IAM answers."""

import json

from aws import refused


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(principal, **more):
    return document({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole", **more})


def pairs(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def conflict(what):
    return refused("DeleteConflict", f"Cannot delete entity, {what}.", status=409)


def missing(kind, name):
    return refused("NoSuchEntity", f"The {kind} with name {name} cannot be found.", status=404)


def exists(kind, name):
    return refused("EntityAlreadyExists", f"{kind} with name {name} already exists.", status=409)


def made(answer, member):
    """A member of an answer without what every answer has."""
    assert set(answer) <= {member, "ResponseMetadata"}
    return answer[member]
