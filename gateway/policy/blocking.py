"""What a rule does that lets nothing pass: it blocks, or has the exchange started over."""

from gateway.errors import GatewayError
from gateway.policy.actions import Fallback, Reask, Route


class PolicyBlocked(GatewayError):
    """`plain` is the message without the name of the rule. With `refuses`, the caller is to get that as an answer of the model."""

    def __init__(self, message: str, param: str | None, plain: str) -> None:
        super().__init__("policy_blocked", message, param=param)
        self.plain = plain
        self.refuses = False


class StartOver(GatewayError):
    """A rule wants the request to be asked again, or of another model. As an error it is that of the block which it becomes where
    that cannot be done. `found` is the entity; `answer` the model's own text, as far as there is one.
    """

    def __init__(
        self, blocked: PolicyBlocked, deed: Reask | Fallback | Route, rule: tuple[str, str], found: str
    ) -> None:
        super().__init__("policy_blocked", blocked.message, param=blocked.param)
        self.blocked = blocked
        self.deed = deed
        self.rule = rule
        self.found = found
        self.answer = ""
