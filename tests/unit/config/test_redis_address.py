import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.redis_address import RedisAddress, redis_address

ONE = (("127.0.0.1", 6379),)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://127.0.0.1", RedisAddress("server", False, ONE)),
        ("rediss://127.0.0.1:6379/3", RedisAddress("server", True, ONE, database=3)),
        ("redis://:p%40ss%2F@[::1]:7000", RedisAddress("server", False, (("::1", 7000),), password="p@ss/")),
        ("redis://me:secret@cache.internal", RedisAddress("server", False, (("cache.internal", 6379),), user="me", password="secret")),
        ("unix:///run/redis/redis.sock", RedisAddress("socket", False, path="/run/redis/redis.sock")),
        ("redis+cluster://a:1,b", RedisAddress("cluster", False, (("a", 1), ("b", 6379)))),
        ("rediss+cluster://a/0", RedisAddress("cluster", True, (("a", 6379),))),
        ("redis+sentinel://a,b:2/main/1", RedisAddress("sentinel", False, (("a", 26379), ("b", 2)), service="main", database=1)),
    ],
)  # fmt: skip
def test_every_form_says_where_redis_is(url: str, address: RedisAddress) -> None:
    assert redis_address(url) == address


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "is no address of Redis"),
        ("http://127.0.0.1", "is no address of Redis"),
        ("127.0.0.1:6379", "is no address of Redis"),
        ("redis://", "host or port that is none"),
        ("redis://a b", "host or port that is none"),
        ("redis://a:0", "port that is none"),
        ("redis://a:70000", "port that is none"),
        ("redis://a,b", "several hosts"),
        ("redis://a/x", "no number of a database"),
        ("redis://a/1/2", "no number of a database"),
        ("redis://a?ssl=1", "options"),
        ("redis+cluster://a/2", "a cluster has only 0"),
        ("redis+sentinel://a", "lacks the name of the service"),
        ("unix://run/redis.sock", "names no socket"),
    ],
)
def test_what_is_wrong_is_said_in_words(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        redis_address(url)


@given(
    st.text(min_size=4, alphabet="xyz789").map(lambda text: f"geheim{text}"),
    st.sampled_from(["", "/x", "?a=b", ",", ":x", " "]),
)
def test_no_message_and_no_repr_shows_a_password(password: str, more: str) -> None:
    for scheme in ("redis", "redis+cluster", "redis+sentinel", "http"):
        try:
            shown = repr(redis_address(f"{scheme}://me:{password}@host{more}"))
        except ValueError as error:
            shown = str(error)
        assert password not in shown
