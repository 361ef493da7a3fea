"""What is remembered of a policy's file."""

from pathlib import Path

from gateway.policy.load import load_files, plain
from gateway.policy.written import as_written

POLICY = """\
haechi: policy/v1
name: one
detectors:
  hook: {kind: webhook, url: 'https://hooks.example/x', secret: swordfish}
  other: {kind: webhook, url: 'https://hooks.example/y', secret: '${HOOK}'}
"""


def test_the_text_is_as_it_was_written_but_for_secrets(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(POLICY)
    one = as_written(load_files([path], {"HOOK": "marlin"}, frozenset()))["one"]
    assert (one.file, one.text) == (path, POLICY.replace("swordfish", "***"))
    assert one.stamp is not None
    assert "swordfish" not in repr(one)


def test_data_of_a_document_holds_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(POLICY)
    data = plain(load_files([path], {"HOOK": "marlin"}, frozenset()).documents["one"])
    assert [one["secret"] for one in data["detectors"].values()] == ["***", "***"]
