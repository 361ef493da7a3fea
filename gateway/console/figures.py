"""Numbers, money, times: as a reader of a language in a time zone writes them. What is not known is a dash."""

import math
import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UNKNOWN: Final = "—"
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9_+-]{1,31}){0,2}")
_UTC: Final = ZoneInfo("UTC")
_NANO: Final = 1e9
_LONGEST_TIME: Final = 30
_END_OF_TIME: Final = 1e11
"""What has eleven digits; the ledger takes no more."""
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def zone_named(name: str | None) -> ZoneInfo:
    """UTC for a name that is none, or that this machine does not know."""
    if name is None or not _ZONE.fullmatch(name):
        return _UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return _UTC


class Figures:
    """Times are seconds since 1970, money is nanodollars, durations are seconds, shares are of one."""

    __slots__ = ("_korean", "zone")
    unknown = UNKNOWN

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self._korean = language == "ko"
        self.zone = zone

    def count(self, value: float | None) -> str:
        return UNKNOWN if value is None else f"{value:,.0f}"

    def money(self, nanodollars: float | None) -> str:
        """Cents where it is dollars; as many digits as say something where it is less."""
        if nanodollars is None:
            return UNKNOWN
        dollars = nanodollars / _NANO
        if dollars == 0 or abs(dollars) >= 1:
            return f"{_signed(dollars)}${abs(dollars):,.2f}"
        digits = min(9, 2 - math.floor(math.log10(abs(dollars))))
        text = f"{abs(dollars):.{digits}f}".rstrip("0")
        return (
            f"{_signed(dollars)}${text}"
            if len(text.partition(".")[2]) >= 2
            else f"{_signed(dollars)}${abs(dollars):.2f}"
        )

    def seconds(self, value: float | None) -> str:
        if value is None:
            return UNKNOWN
        if value < 0.0001:
            return "<0.1 ms" if value > 0 else "0 ms"
        if value < 0.0995:
            return f"{value * 1000:.1f} ms"
        if value < 0.9995:
            return f"{value * 1000:.0f} ms"
        if value < 99.95:
            return f"{value:.2f} s" if value < 9.995 else f"{value:.1f} s"
        return f"{value:,.0f} s"

    def share(self, value: float | None) -> str:
        if value is None:
            return UNKNOWN
        if 0 < value < 0.001:
            return "<0.1%"
        return f"{value * 100:.1f}%"

    def number(self, value: float | None) -> str:
        return UNKNOWN if value is None else f"{value:.4g}"

    def time(self, seconds: float) -> str:
        """Date and time of day, to the second."""
        at = self._at(seconds)
        return f"{self._date(at)} {at:%H:%M:%S}"

    def minute(self, seconds: float) -> str:
        at = self._at(seconds)
        return f"{self._date(at)} {at:%H:%M}"

    def clock(self, seconds: float) -> str:
        """Time of day, to the millisecond."""
        at = self._at(seconds)
        return f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}"

    def brief(self, seconds: float) -> str:
        """Day and month, and the time of day to the second: of rows in a list."""
        at = self._at(seconds)
        day = f"{at.month}. {at.day}." if self._korean else f"{at.day} {_MONTHS[at.month - 1]}"
        return f"{day} {at:%H:%M:%S}"

    def machine(self, seconds: float) -> str:
        """For the attribute `datetime` of an element."""
        return self._at(seconds).isoformat(timespec="milliseconds")

    def local(self, seconds: float) -> str:
        """For the value of a field `datetime-local`."""
        return f"{self._at(seconds):%Y-%m-%dT%H:%M}"

    def instant(self, text: str) -> float | None:
        """What was written into such a field, or seconds since 1970. None for anything else."""
        try:
            if re.fullmatch(r"[0-9]{1,11}(\.[0-9]{1,6})?", text):
                return float(text)
            if len(text) > _LONGEST_TIME:
                return None
            seconds = datetime.fromisoformat(text).replace(tzinfo=self.zone).timestamp()
        except (ValueError, OverflowError):
            return None
        return seconds if 0 <= seconds < _END_OF_TIME else None

    def offset(self, seconds: float) -> str:
        """Of the time zone, at that time: `UTC+09:00`."""
        text = f"{self._at(seconds):%z}"
        return f"UTC{text[:3]}:{text[3:]}"

    def _at(self, seconds: float) -> datetime:
        return datetime.fromtimestamp(seconds, self.zone)

    def _date(self, at: datetime) -> str:
        if self._korean:
            return f"{at.year}. {at.month}. {at.day}."
        return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def _signed(value: float) -> str:
    return "−" if value < 0 else ""
