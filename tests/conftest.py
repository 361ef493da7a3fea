"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# Nothing here is about time on a machine that others share; what hangs is ended by pytest-timeout.
settings.register_profile("haechi", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("haechi")
