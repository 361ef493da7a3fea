"""What `haechi cache stats` prints of a class."""

from gateway.cache.stats import Standing, Stats, told


def printed(**more: object) -> str:
    one = Standing(serve="certified", state="shadow", **more)  # type: ignore[arg-type]  # the fields of a struct
    return "\n".join(told(Stats(backend="memory", held={}, semantic=True, classes={"faq": one}, waiting=3)))


def test_who_reviewed_and_when_a_certificate_turned_is_told_where_it_is_known() -> None:
    text = printed(by={"mina": 1200, "jun": 2}, turned=0.0)
    assert "reviewed by mina (1,200), jun (2)" in text
    assert "last turned 1970-01-01 00:00 UTC" in text
    assert "turned" not in printed()


def test_what_waits_for_people_is_told() -> None:
    assert "pairs of answers that wait for people: 3" in printed()
