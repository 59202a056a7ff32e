"""The README's rounds - identities, policies and grants; configuration by path; trails - run as they stand there."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

import server as servers

README = servers.REPOSITORY / "README.md"


def blocks(section):
    """The shell blocks of the section."""
    text = README.read_text().split(section, 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```sh\n(.*?)```", text, re.S)


@pytest.mark.parametrize(
    "section, fewest",
    [("## Decide who may do what", 12), ("## Keep an application's configuration", 5), ("## Prove what was done", 3)],
)
def test_the_rounds_of_the_readme(tmp_path, section, fewest):
    home = servers.Home(tmp_path / "data")
    with home.serve() as running:
        environment = servers.clean_environment(
            AWS_ENDPOINT_URL=running.url,
            AWS_ACCESS_KEY_ID=home.access_key,
            AWS_SECRET_ACCESS_KEY=home.secret_key,
            AWS_DEFAULT_REGION="us-east-1",
            AWS_CONFIG_FILE=str(tmp_path / "config"),
            AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "credentials"),
            AWS_EC2_METADATA_DISABLED="true",
            AWS_PAGER="",
            # The command line keeps sessions of roles in the home folder.
            HOME=str(tmp_path),
            DATA=str(home.folder),
        )
        tools = [str(servers.BINARY.parent), str(pathlib.Path(sys.executable).parent), environment["PATH"]]
        environment["PATH"] = os.pathsep.join(tools)
        script, promises = ["set -eu"], []
        for line in "".join(blocks(section)).splitlines():
            if promised := re.match(r"#=> (.*)", line):
                promises.append(promised[1])
                script.append(f"echo '=={len(promises)}=='")
            elif line.startswith("! "):
                # A refusal that is none must stop the round; `set -e` looks away from `!`.
                script.append(f"if {line[2:]}; then echo 'NOT REFUSED'; exit 9; fi")
            else:
                script.append(line)
        done = subprocess.run(
            ["bash", "-c", "\n".join(script)],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
    assert done.returncode == 0, done.stdout
    assert len(promises) >= fewest
    parts = re.split(r"^==\d+==$", done.stdout, flags=re.M)
    for promise, part in zip(promises, parts):
        assert promise in part, f"{promise!r} is not in:\n{part}"
