"""Keys and tokens are found in every form their vendors gave them, samples of them are not."""

import random

import pytest

from tests.support.corpus import VALUES
from tests.unit.guards.found import found

BODY = "\n".join("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj" for _ in range(20))
JWT = VALUES["JWT"](random.Random(1))


@pytest.mark.parametrize(
    "text",
    [
        f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----",
        f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}",
        f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF0123\n\n{BODY}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2.0 (x)\n\n{BODY}\n-----END PGP PRIVATE KEY BLOCK-----",
        f"-----BEGIN EC PRIVATE KEY-----\\n{BODY[:64]}\\n-----END EC PRIVATE KEY-----",
    ],
)  # fmt: skip
def test_a_private_key_is_found_whole_with_or_without_its_end(text: str) -> None:
    assert found("PRIVATE_KEY", f"키: {text}.") == [text]


@pytest.mark.parametrize(
    ("entity", "text", "value"),
    [
        ("JWT", f"Bearer {JWT}입니다", JWT),
        ("JWT", JWT.rpartition(".")[0], JWT.rpartition(".")[0]),
        ("AWS_SECRET", "aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzz1234567", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzz1234567"),
        ("AWS_ACCESS_KEY", "키AKIAIOSFODNN7ABCDEFG를", "AKIAIOSFODNN7ABCDEFG"),
        ("GITHUB_TOKEN", "github_pat_" + "11ABCDEFG0" * 8, "github_pat_" + "11ABCDEFG0" * 8),
        ("OPENAI_KEY", "sk-" + "aB3dE5gH7j" * 4 + "T3BlbkFJ", "sk-" + "aB3dE5gH7j" * 4 + "T3BlbkFJ"),
        ("SLACK_TOKEN", "xapp-1-A012345BCDE-1234567890123-abcdef0123", "xapp-1-A012345BCDE-1234567890123-abcdef0123"),
        ("PASSWORD", 'password = "hunter2isgood"', 'password = "hunter2isgood'),
        ("PASSWORD", "API_KEY: a1b2c3d4e5f6", "API_KEY: a1b2c3d4e5f6"),
        ("PASSWORD", "비밀번호: q1w2e3r4t5", "비밀번호: q1w2e3r4t5"),
    ],
)  # fmt: skip
def test_it_is_found(entity: str, text: str, value: str) -> None:
    assert found(entity, text) == [value]


@pytest.mark.parametrize(
    ("entity", "text"),
    [
        ("AWS_ACCESS_KEY", "AKIAXXXXXXXXXXXXXXXX"),
        ("AWS_ACCESS_KEY", "AKIAIOSFODNN7ABCDEFG1"),
        ("AWS_SECRET", "secret of commit da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("AWS_SECRET", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzz1234567"),
        ("GITHUB_TOKEN", "ghp_" + "x" * 36),
        ("OPENAI_KEY", "sk-your-api-key-goes-here"),
        ("OPENAI_KEY", "task-" + "a1b2c3d4" * 5),
        ("PASSWORD", "password = os.environ['APP_PASSWORD1']"),
        ("PASSWORD", "password: <your-password-1>"),
        ("PASSWORD", "password: ********"),
        ("PASSWORD", "password=${DB_PASSWORD1}"),
        ("PRIVATE_KEY", "-----BEGIN PUBLIC KEY-----"),
        ("JWT", "eyJhbGciOiJIUzI1NiJ9"),
    ],
)
def test_samples_and_names_are_not_found(entity: str, text: str) -> None:
    assert found(entity, text) == []


@pytest.mark.parametrize("lines", [1, 50, 98, 220])
def test_a_key_of_any_usual_size_is_found_whole(lines: int) -> None:
    """RSA with 4,096, 8,192 and 16,384 bits; a PGP key with its sub-keys lies between."""
    key = "-----BEGIN PRIVATE KEY-----\n" + f"{'MIIJQgIB' * 8}\n" * lines + "-----END PRIVATE KEY-----"
    assert found("PRIVATE_KEY", f"a key: {key}\nand more") == [key]
