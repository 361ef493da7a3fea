"""Short ways to write what panels ask. All are of the jobs and replicas that are chosen; `OF` of the models, too."""

from typing import Final

ALL: Final = 'job=~"$job",instance=~"$instance"'
OF: Final = f'{ALL},model=~"$model"'


def rate(name: str, by: str = "", of: str = OF, where: str = "") -> str:
    """Of a counter, per second."""
    return _sum(f"rate({_series(name, of, where)}[$__rate_interval])", by)


def over(name: str, by: str = "", of: str = OF, where: str = "") -> str:
    """Of a counter, in the range that is shown."""
    return _sum(f"increase({_series(name, of, where)}[$__range])", by)


def quantile(share: float, name: str, by: str = "", of: str = OF, where: str = "") -> str:
    """Of a histogram."""
    inner = rate(f"{name}_bucket", f"le,{by}" if by else "le", of, where)
    return f"histogram_quantile({share}, {inner})"


def percentiles(name: str, of: str = OF, where: str = "") -> list[tuple[str, str]]:
    return [(quantile(share, name, of=of, where=where), f"p{share * 100:.0f}") for share in (0.5, 0.95, 0.99)]


def share(part: str, whole: str) -> str:
    """Zero where there is no part of a whole that there is."""
    return f"(({part}) or 0 * ({whole})) / ({whole})"


def now(name: str, by: str = "", of: str = ALL, where: str = "", how: str = "sum") -> str:
    """Of a gauge."""
    return f"{how}{f' by ({by})' if by else ''} ({_series(name, of, where)})"


def _series(name: str, of: str, where: str) -> str:
    return f"{name}{{{of}{',' if where else ''}{where}}}"


def _sum(inner: str, by: str) -> str:
    return f"sum{f' by ({by})' if by else ''} ({inner})"
