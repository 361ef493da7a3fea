"""No money is lost with the rows it was in, and no table grows without end."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.record.row import Row
from gateway.record.settlement import HOUR, Settlement, Unsettled
from tests.support.rows import made

_NAMES = st.sampled_from([None, "a", "b", "c", "d"])
_ROWS = st.lists(
    st.builds(
        lambda cost, hour, names: made(
            time=hour * HOUR + 7.5,
            key=names[0],
            team=names[1],
            model=names[2],
            provider=names[3],
            cost_nanodollars=cost,
        ),
        st.integers(0, 1 << 50),
        st.integers(400_000, 400_003),
        st.tuples(_NAMES, _NAMES, _NAMES, _NAMES),
    ),
    max_size=40,
)


def by_hour(settlements: list[Settlement]) -> dict[int, tuple[int, int, int]]:
    found: dict[int, tuple[int, int, int]] = {}
    for one in settlements:
        requests, money, tokens = found.get(one.hour, (0, 0, 0))
        found[one.hour] = requests + one.requests, money + one.cost_nanodollars, tokens + one.input_tokens
    return found


def summed(rows: list[Row]) -> dict[int, tuple[int, int, int]]:
    each = [
        Settlement(
            int(row.time) // HOUR * HOUR, None, None, None, None, 1, 0, 10, cost_nanodollars=row.cost_nanodollars or 0
        )
        for row in rows
    ]
    return by_hour(each)


@given(_ROWS, st.integers(0, 6), st.lists(st.integers(0, 40), max_size=3))
def test_every_hour_keeps_its_money_however_often_it_is_put_back(
    rows: list[Row], most: int, taken_after: list[int]
) -> None:
    unsettled = Unsettled(most)
    for index, row in enumerate(rows):
        unsettled.fold(row)
        if index in taken_after:
            unsettled.put_back(unsettled.take())
    hours = {int(row.time) // HOUR for row in rows}
    assert len(unsettled) <= most + len(hours)
    assert unsettled.nanodollars == sum(row.cost_nanodollars or 0 for row in rows)
    assert by_hour(unsettled.take()) == summed(rows)
    assert len(unsettled) == 0


def test_while_there_is_room_it_is_known_whose_the_money_is() -> None:
    unsettled = Unsettled()
    for number in (1, 2):
        unsettled.fold(made(number))
    unsettled.fold(made(5, key="ben", outcome="cut"))
    anna, ben = unsettled.take()
    assert (anna.key, anna.team, anna.model, anna.provider, anna.hour) == (
        "anna",
        "blue",
        "asked",
        "house",
        1_795_172_400,
    )
    assert (anna.requests, anna.failed, anna.cost_nanodollars, anna.output_tokens) == (2, 0, 3, 8)
    assert (ben.key, ben.requests, ben.failed, ben.cost_nanodollars) == ("ben", 1, 1, 5)


def test_an_answer_that_was_given_again_used_no_tokens() -> None:
    unsettled = Unsettled()
    unsettled.fold(made(0, cache="hit", saved_nanodollars=9, cost_nanodollars=None))
    (one,) = unsettled.take()
    assert (one.input_tokens, one.output_tokens, one.cost_nanodollars, one.saved_nanodollars) == (0, 0, 0, 9)
