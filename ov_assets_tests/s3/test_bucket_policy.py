"""The policies of deploy/aws: no role may do more than its name says.

What they enforce can't be shown here: to SeaweedFS, `s3:if-none-match` is missing even when it is sent.
"""

import json
from pathlib import Path

import pytest

from ov_assets.s3.scratch import PREFIX

AWS = Path(__file__).parents[2] / "deploy/aws"
TRIAL = f"arn:aws:s3:::BUCKET/{PREFIX}*"
WRITERS = {"role-uploader.json", "role-reconciler.json"}


def statements(name: str) -> list[dict]:
    return json.loads((AWS / name).read_text())["Statement"]


@pytest.mark.parametrize("name", sorted(path.name for path in AWS.glob("role-*.json")))
def test_no_role_may_do_more_than_it_says(name):
    actions: set[str] = set()
    for statement in statements(name):
        if statement["Resource"] == TRIAL:  # nothing of anybody's is there
            continue
        asked = statement["Action"]
        actions |= {asked} if isinstance(asked, str) else set(asked)
    assert not any("*" in action for action in actions)
    assert ("s3:DeleteObject" in actions) == (name == "role-pruner.json")
    assert any("Put" in action for action in actions) == (name in WRITERS)


def test_the_bucket_only_denies():
    """So it can be put on a bucket whoever has access already."""
    found = statements("bucket-policy.json")
    assert {statement["Effect"] for statement in found} == {"Deny"}
    assert len({statement["Sid"] for statement in found}) == len(found)
