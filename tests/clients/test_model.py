"""Our models beside those of the botocore that is installed, and the server beside what botocore's model says.

A newer botocore that knows more, or something else, fails here with the operation and the member that changed.
"""

import base64
import json
import re

import botocore.loaders
import pytest

import server as servers
import wire

OURS = {path.stem: json.loads(path.read_text()) for path in sorted((servers.REPOSITORY / "models").glob("*.json"))}
# Services of which every operation is wanted, not a selection.
WHOLE = ("kms", "sts")
_LOADER = botocore.loaders.Loader()
THEIRS = {
    name: _LOADER.load_service_model(name, "service-2", model["service"]["apiVersion"]) for name, model in OURS.items()
}
EACH = [(service, operation) for service, model in OURS.items() for operation in model["operations"]]
KMS = THEIRS["kms"]


class TestModels:
    """What the request and response types are generated from."""

    @pytest.mark.parametrize("service", OURS)
    def test_protocol(self, service):
        ours, theirs = OURS[service]["service"], THEIRS[service]["metadata"]
        # A protocol that clients would prefer (Smithy's CBOR) has to be served once it is offered.
        assert theirs["protocols"] == [theirs["protocol"]] == [ours["protocol"]]
        assert theirs.get("targetPrefix") == ours.get("targetPrefix")
        assert theirs.get("xmlNamespace") == ours.get("xmlNamespace")
        versions = _LOADER.list_api_versions(service, "service-2")
        assert versions == [ours["apiVersion"]]

    @pytest.mark.parametrize("service", OURS)
    def test_operations(self, service):
        ours, theirs = set(OURS[service]["operations"]), set(THEIRS[service]["operations"])
        assert ours <= theirs
        assert service not in WHOLE or ours == theirs

    @pytest.mark.parametrize("service, operation", EACH)
    def test_facts(self, service, operation):
        assert facts_of_ours(service, operation) == facts_of_theirs(service, operation)


def facts_of_theirs(service, name):
    """Everything botocore's model says about an operation, by the path of the member."""
    model = THEIRS[service]
    operation = model["operations"][name]
    facts = {}

    def visit(path, reference):
        shape = model["shapes"][reference]
        facts[path] = {
            "type": shape["type"],
            "min": shape.get("min"),
            "max": shape.get("max"),
            "pattern": shape.get("pattern"),
            "enum": sorted(shape.get("enum", [])),
            "sensitive": shape.get("sensitive", False),
            "required": sorted(shape.get("required", [])),
        }
        for part in ("member", "key", "value"):
            if part in shape:
                visit(f"{path}[{part}]", shape[part]["shape"])
        for member, target in shape.get("members", {}).items():
            visit(f"{path}.{member}", target["shape"])

    for end in ("input", "output"):
        # No shape and a shape without members are the same on the wire.
        if model["shapes"].get(operation.get(end, {}).get("shape"), {}).get("members"):
            visit(f"{name}.{end}", operation[end]["shape"])
    for error in operation.get("errors", []):
        shape = model["shapes"][error["shape"]]
        stated = shape.get("error", {})
        status = stated.get("httpStatusCode", 500 if shape.get("fault") else 400)
        facts[f"{name}.{error['shape']}"] = (stated.get("code", error["shape"]), status)
    return facts


def facts_of_ours(service, name):
    """The same of `models/`, which is laid out differently."""
    model = OURS[service]
    operation = model["operations"][name]
    facts = {}

    def visit(path, reference):
        shape = model["shapes"][reference]
        members = shape.get("members", [])
        facts[path] = {
            "type": shape["type"],
            "min": shape.get("min"),
            "max": shape.get("max"),
            "pattern": shape.get("pattern"),
            "enum": sorted(shape.get("enum", [])),
            "sensitive": shape.get("sensitive", False),
            "required": sorted(member["name"] for member in members if member.get("required")),
        }
        for part, called in (("element", "member"), ("key", "key"), ("value", "value")):
            if part in shape:
                visit(f"{path}[{called}]", shape[part])
        for member in members:
            visit(f"{path}.{member['name']}", member["shape"])

    for end in ("input", "output"):
        if model["shapes"].get(operation.get(end), {}).get("members"):
            visit(f"{name}.{end}", operation[end])
    for error in operation.get("errors", []):
        shape = model["shapes"][error]
        facts[f"{name}.{error}"] = (shape["code"], shape["httpStatus"])
    return facts


# Texts of the shapes that take no run of one letter.
EXAMPLES = {
    "AccountIdType": "123456789012",
    "CloudHsmClusterIdType": "cluster-2a34b5cdefg",
    "GrantConstraintSourceArnType": "arn:aws:s3:us-east-1:123456789012:bucket",
    "RegionType": "us-east-1",
    "ServicePrincipalType": "s3.amazonaws.com",
    "XksProxyAuthenticationAccessKeyIdType": "A" * 20,
    "XksProxyUriEndpointType": "https://xks.example.com",
    "XksProxyUriPathType": "/kms/xks/v1",
    "XksProxyVpcEndpointServiceNameType": "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0",
}
WRONG_TYPES = {
    "string": 5,
    "blob": 5,
    "integer": "1",
    "boolean": 1,
    "timestamp": "yesterday",
    "list": {},
    "map": [],
    "structure": [],
}


def fits(name, text):
    """Whether a text is one of this shape's."""
    shape = KMS["shapes"][name]
    return re.fullmatch(shape.get("pattern", ".*"), text, re.S) and "enum" not in shape


def encoded(octets):
    return base64.b64encode(b"\0" * octets).decode()


def valid(name):
    """A value of a shape that breaks no constraint; of structures only what is required."""
    shape = KMS["shapes"][name]
    least = max(shape.get("min", 1), 1)
    match shape["type"]:
        case "string" if "enum" in shape:
            return shape["enum"][0]
        case "string":
            text = EXAMPLES.get(name, "a" * least)
            assert fits(name, text) and least <= len(text) <= shape.get("max", len(text)), f"no example of {name}"
            return text
        case "blob":
            return encoded(least)
        case "integer":
            return least
        case "boolean":
            return False
        case "timestamp":
            return 1.5
        case "list":
            return [valid(shape["member"]["shape"])]
        case "map":
            return {"key": valid(shape["value"]["shape"])}
        case "structure":
            return {member: valid(shape["members"][member]["shape"]) for member in shape.get("required", [])}


def violations(name):
    """Values that break constraints of a shape, each with all it breaks in the service's words."""
    shape = KMS["shapes"][name]
    kind, least, most = shape["type"], shape.get("min"), shape.get("max")
    if kind == "integer":
        if least is not None:
            yield least - 1, [f"Member must have value greater than or equal to {least}"]
        if most is not None:
            yield most + 1, [f"Member must have value less than or equal to {most}"]
    elif "enum" in shape:
        yield "NO_SUCH_VALUE", [f"Member must satisfy enum value set: [{', '.join(sorted(shape['enum']))}]"]
    elif kind in ("string", "blob", "list"):
        if kind == "list":
            element = valid(shape["member"]["shape"])
        make = {"string": lambda length: "a" * length, "blob": encoded, "list": lambda length: [element] * length}[kind]
        off_pattern = "pattern" in shape and [f"Member must satisfy regular expression pattern: {shape['pattern']}"]
        values = []
        if least:
            values.append((make(least - 1), [f"Member must have length greater than or equal to {least}"]))
        if most is not None:
            values.append((make(most + 1), [f"Member must have length less than or equal to {most}"]))
        if off_pattern:
            values.append(("\0" * max(least or 0, 1), []))
            values = [(value, told if fits(name, value) else told + off_pattern) for value, told in values]
        assert all(told for _, told in values)
        yield from values


def places(name):
    """Every place below a shape: how to put a value there, the path in messages, the shape that belongs there."""
    shape = KMS["shapes"][name]
    for member, target in shape.get("members", {}).items():
        yield from within(
            target["shape"], lambda value, member=member: {**valid(name), member: value}, member[0].lower() + member[1:]
        )


def within(name, put, path):
    shape = KMS["shapes"][name]
    yield put, path, name
    if shape["type"] == "structure":
        for inner, below, target in places(name):
            yield lambda value, inner=inner: put(inner(value)), f"{path}.{below}", target
    if shape["type"] == "list":
        element = shape["member"]["shape"]
        if KMS["shapes"][element]["type"] == "structure":
            for inner, below, target in places(element):
                yield lambda value, inner=inner: put([inner(value)]), f"{path}.1.member.{below}", target
        else:
            # Faults of plain elements are told of the list.
            yield lambda value: put([value]), path, element


def members(operation):
    reference = KMS["operations"][operation].get("input")
    return [] if reference is None else list(places(reference["shape"]))


@pytest.fixture
def call(dev, account):
    def call(operation, body):
        answer = wire.call(dev, operation, body, access_key=account)
        return answer.error if answer.status != 200 else (200, None, None)

    return call


@pytest.mark.parametrize("operation", KMS["operations"])
class TestServer:
    """Requests that botocore itself would never send."""

    def test_each_constraint(self, call, operation):
        for put, path, shape in members(operation):
            hidden = KMS["shapes"][shape].get("sensitive") or KMS["shapes"][shape]["type"] == "blob"
            for value, broken in violations(shape):
                status, code, message = call(operation, put(value))
                message = re.sub(r"(?<=set: \[)[^]]*", lambda names: ", ".join(sorted(names[0].split(", "))), message)
                told = f"{operation}: {path}: {broken}: {message}"
                assert (status, code) == (400, "ValidationException"), told
                # Of a list's elements everything is told in one clause, of anything else a clause each.
                assert message.startswith(("1 validation error ", f"{len(broken)} validation errors ")), told
                assert (f"Value at '{path}' failed" if hidden else f" at '{path}' failed") in message, told
                assert sum(message.count(constraint) for constraint in broken) == len(broken), told

    def test_each_required_member(self, call, operation):
        whole = (lambda value: value, "", KMS["operations"][operation]["input"]["shape"])
        for put, path, shape in [whole, *members(operation)]:
            for member in KMS["shapes"][shape].get("required", []):
                rest = {name: value for name, value in valid(shape).items() if name != member}
                below = ".".join(filter(None, (path, member[0].lower() + member[1:])))
                text = f"Value null at '{below}' failed to satisfy constraint: {wire.NOT_NULL}"
                assert call(operation, put(rest)) == (
                    400,
                    "ValidationException",
                    f"1 validation error detected: {text}",
                ), f"{operation} without {below}"

    def test_each_type(self, call, operation):
        for put, path, shape in members(operation):
            wrong = put(WRONG_TYPES[KMS["shapes"][shape]["type"]])
            assert call(operation, wrong)[:2] == (400, "SerializationException"), f"{operation}: {path}"
