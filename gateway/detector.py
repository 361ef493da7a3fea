"""What a detector of another distribution is written with. Its suite is `gateway.testing.check_detector`.

A detector is one struct, a subclass of `Detector`, whose fields are its configuration. An entry point of the group
`haechi.detectors` leads to it, with the name that is its tag.
"""

from gateway.config.strict import Secret
from gateway.guards.check import Check, Said, Setting, whole
from gateway.guards.finding import Finding
from gateway.guards.fold import Folded, fold
from gateway.guards.pattern import Pattern
from gateway.policy.detectors import Guest as Detector

__all__ = ["Check", "Detector", "Finding", "Folded", "Pattern", "Said", "Secret", "Setting", "fold", "whole"]
