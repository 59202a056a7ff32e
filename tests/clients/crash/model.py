"""What a key must look like, and whether it does."""

import dataclasses
import json

from server import ACCOUNT


def policy(token):
    """A key policy that is told from all others by its token."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Id": token,
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                    "Action": "kms:*",
                    "Resource": "*",
                }
            ],
        }
    )


REFUSALS = {"Disabled": "DisabledException", "PendingDeletion": "KMSInvalidStateException"}


@dataclasses.dataclass(eq=False)
class Key:
    """The acknowledged state of a key; its policy is known by the token in it."""

    id: str
    description: str
    tags: dict
    policy: str
    state: str = "Enabled"
    rotation: int | None = None

    @property
    def refusal(self):
        """With what error its use is refused."""
        return REFUSALS.get(self.state)

    def check(self, client):
        """Reads everything about the key; all of it must be as acknowledged."""
        metadata = client.ask("DescribeKey", KeyId=self.id)["KeyMetadata"]
        found = (metadata["KeyId"], metadata["Description"], metadata["KeyState"], metadata["Enabled"])
        assert found == (self.id, self.description, self.state, self.state == "Enabled")
        assert ("DeletionDate" in metadata) == (self.state == "PendingDeletion"), metadata
        text = client.ask("GetKeyPolicy", KeyId=self.id, PolicyName="default")["Policy"]
        assert json.loads(text) == json.loads(policy(self.policy)), self
        tags = client.ask("ListResourceTags", KeyId=self.id)["Tags"]
        assert {tag["TagKey"]: tag["TagValue"] for tag in tags} == self.tags, self
        # While a key waits for its deletion its rotation is suspended.
        if self.state != "PendingDeletion":
            rotation = client.ask("GetKeyRotationStatus", KeyId=self.id)
            assert rotation["KeyRotationEnabled"] is (self.rotation is not None), self
            assert rotation.get("RotationPeriodInDays") == self.rotation, self
