"""Which models the lines of a batch may name: the file goes to one account, and its lines are not asked for one by one."""

from gateway.routing.features import permits
from gateway.routing.routes import Routes


def model_at(routes: Routes, allowed: tuple[str, ...], provider: str, name: str) -> str | None:
    """The provider's own name of a model that the caller may use; None if it has none. Targets with conditions are none."""
    route = routes.find(name) if permits(allowed, name) else None
    held = route.groups[0].candidates if route is not None else ()
    return next((one.model for one in held if one.provider == provider and one.target.when is None), None)


def models_at(routes: Routes, allowed: tuple[str, ...], provider: str) -> list[str]:
    """The names for which there is one, wildcards as they are written."""
    names = [route.model for route in routes.all()]
    narrower = [one for one in allowed if any(name.endswith("*") and one.startswith(name[:-1]) for name in names)]
    found = dict.fromkeys([*(name for name in names if permits(allowed, name)), *narrower])
    return [name for name in found if model_at(routes, allowed, provider, name.replace("*", "x")) is not None]
