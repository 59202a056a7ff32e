"""Trails under test: a server that delivers into a folder, its files, and the real `aws cloudtrail validate-logs`."""

import datetime
import gzip
import json
import pathlib
import re
import subprocess
import sys

import aws
import server as servers

AWS = pathlib.Path(sys.executable).with_name("aws")
HOUR = 3600


def stamp(epoch):
    """As command lines take times."""
    return datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def records(path):
    """The events of a log file."""
    return json.loads(gzip.decompress(path.read_bytes()))["Records"]


class Trail:
    """One trail of an account, made and logging."""

    def __init__(self, server, root, account, *, region=aws.REGION, name="trail-1", secret="any", **settings):
        self.server, self.account, self.region, self.secret = server, account, region, secret
        self.bucket = settings.pop("bucket", f"bucket-{account[:12].lower()}")
        self.folder = pathlib.Path(root) / self.bucket
        self.client = self.service("cloudtrail")
        self.kms = self.service("kms")
        settings.setdefault("EnableLogFileValidation", True)
        self.began = server.now()
        self.arn = self.client.create_trail(Name=name, S3BucketName=self.bucket, **settings)["TrailARN"]
        self.client.start_logging(Name=name)

    def service(self, service, region=None):
        """A client of the trail's account."""
        return aws.client(self.server, self.account, self.secret, service=service, region=region or self.region)

    def files(self, kind="CloudTrail", region=None):
        """Log files, or digests (`CloudTrail-Digest`), in the order of their names."""
        return sorted(self.folder.glob(f"**/{kind}/{region or self.region}/**/*.json.gz"))

    def events(self, region=None):
        """Every event delivered."""
        return [record for path in self.files(region=region) for record in records(path)]

    def validate(self, *arguments, region=None, access_key=None):
        """What the AWS command line says of the files: (exit code, output)."""
        environment = servers.clean_environment(
            HOME=str(self.folder),
            AWS_ENDPOINT_URL=self.server.url,
            AWS_ACCESS_KEY_ID=access_key or self.account,
            AWS_SECRET_ACCESS_KEY=self.secret,
            AWS_DEFAULT_REGION=region or self.region,
        )
        command = ["cloudtrail", "validate-logs", "--trail-arn", self.arn, "--verbose"]
        command += ["--start-time", stamp(self.began - 60), "--end-time", stamp(self.server.now()), *arguments]
        if region:
            command += ["--region", region]
        done = subprocess.run([AWS, *command], env=environment, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def valid(self, region=None):
        """The files are whole; how many digests and log files the command line counted."""
        code, output = self.validate(region=region)
        assert code == 0, output
        assert "INVALID" not in output, output
        found = []
        for kind in ["digest", "log"]:
            count = re.search(rf"(\d+)/(\d+) {kind} files valid", output)
            found.append(int(count.group(1)) if count else 0)
            assert not count or count.group(1) == count.group(2), output
        return tuple(found)
