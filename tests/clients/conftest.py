"""Fixtures: one dev server for each worker, an account of its own for each test."""

import pytest

import aws
import server as servers


def pytest_configure(config):
    if not servers.BINARY.is_file():
        raise pytest.UsageError(f"{servers.BINARY} is missing: cargo build --release -p claviger")
    if servers.LONG:
        config.option.timeout = 3600


def pytest_terminal_summary(terminalreporter):
    """Prints the figures that tests measured."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"measured: {name}: {value}")


@pytest.fixture(scope="session")
def dev():
    """A dev server whose clock nobody moves."""
    with servers.dev() as running:
        yield running


@pytest.fixture(scope="module")
def clocked():
    """A dev server of this module's own, whose clock may be moved."""
    with servers.dev() as running:
        yield running


@pytest.fixture
def account():
    return aws.fresh_account()


@pytest.fixture
def kms(dev, account):
    """KMS for a fresh account."""
    return aws.client(dev, account)


@pytest.fixture
def key(kms):
    """The metadata of a fresh key."""
    return kms.create_key()["KeyMetadata"]


@pytest.fixture
def key_id(key):
    return key["KeyId"]


@pytest.fixture
def arn(key):
    return key["Arn"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """An initialised data folder for this module."""
    return servers.Home(tmp_path_factory.mktemp("home") / "data")


@pytest.fixture(scope="module")
def served(home):
    """A durable server that verifies signatures."""
    with home.serve() as running:
        yield running


@pytest.fixture
def admin(served, home):
    """KMS as the first administrator."""
    return aws.client(served, home.access_key, home.secret_key)
