"""The one table of the names that attributes of spans have: ours to those of the conventions, as of v1.41 and as of later ones.

Sources: "Semantic conventions for generative client AI spans" in v1.41, the last version in the main repository of the
conventions, and the same in the repository of its own that they have since; "HTTP spans" of v1.41; the attributes of
OpenInference for what receivers of that family look for. What no convention has a name for is under `haechi.`.
"""

from typing import Final, Literal, NamedTuple

Span = Literal["server", "model", "guardrail", "cache", "step", "evaluation"]
Type = Literal["text", "texts", "whole", "number", "bool"]


class Name(NamedTuple):
    """One attribute: `was` in v1.41, `now` in later versions where that is another name. `on`: the spans that have it."""

    was: str
    type: Type
    on: tuple[Span, ...]
    words: str
    now: str = ""


def _haechi(name: str, type_: Type, on: Span, words: str) -> Name:
    return Name(f"haechi.{name}", type_, (on,), words)


_S: Final[tuple[Span, ...]] = ("server",)
_M: Final[tuple[Span, ...]] = ("model",)

NAMES: Final[dict[str, Name]] = {
    "method": Name("http.request.method", "text", _S, "Method of the request."),
    "route": Name("http.route", "text", _S, "Path, with `{id}` for the id of what is stored."),
    "path": Name("url.path", "text", _S, "The same: ids of callers stay out of traces."),
    "scheme": Name("url.scheme", "text", _S, "`http`: who speaks TLS stands in front."),
    "http_status": Name("http.response.status_code", "whole", ("server", "model"), "Of the answer; of a model's, if one came."),
    "error": Name("error.type", "text", ("server", "model", "guardrail"), "Code of our error; of an attempt the upstream's status, or how it failed."),
    "user": Name("enduser.pseudo.id", "text", _S, "The end user, as `record.users` lets it be told."),
    "kind": Name("openinference.span.kind", "text", ("server", "model", "guardrail", "cache", "step"), "`CHAIN`, `LLM`, `EMBEDDING` or `GUARDRAIL`."),
    "session": Name("session.id", "text", _S, "The conversation, for receivers that look here."),
    "operation": Name("gen_ai.operation.name", "text", _M, "`chat`, `text_completion` or `embeddings`."),
    "provider": Name("gen_ai.provider.name", "text", _M, "Well-known name of the provider, else the row of our table."),
    "asked_model": Name("gen_ai.request.model", "text", _M, "As the provider calls it."),
    "conversation": Name("gen_ai.conversation.id", "text", ("model",), "As the caller names it."),
    "prompt": Name("gen_ai.prompt.name", "text", _M, "As the caller names it."),
    "prompt_version": Name("haechi.prompt.version", "text", _M, "As the caller names it.", "gen_ai.prompt.version"),
    "choices": Name("gen_ai.request.choice.count", "whole", _M, "Where it is not 1."),
    "output_type": Name("gen_ai.output.type", "text", _M, "`json` or `text`, where the request says."),
    "seed": Name("gen_ai.request.seed", "whole", _M, "Where the request has one."),
    "stream": Name("gen_ai.request.stream", "bool", _M, "Whether a stream was asked for."),
    "max_tokens": Name("gen_ai.request.max_tokens", "whole", _M, "Where the request says."),
    "temperature": Name("gen_ai.request.temperature", "number", _M, "Where the request says."),
    "top_p": Name("gen_ai.request.top_p", "number", _M, "Where the request says."),
    "top_k": Name("gen_ai.request.top_k", "number", _M, "Where the request says."),
    "frequency_penalty": Name("gen_ai.request.frequency_penalty", "number", _M, "Where the request says."),
    "presence_penalty": Name("gen_ai.request.presence_penalty", "number", _M, "Where the request says."),
    "response": Name("gen_ai.response.id", "text", ("model", "evaluation"), "As the caller was told it."),
    "finish": Name("gen_ai.response.finish_reasons", "texts", _M, "Why the answer ended."),
    "first_chunk": Name("gen_ai.response.time_to_first_chunk", "number", _M, "Seconds to the first piece of a stream."),
    "input": Name("gen_ai.usage.input_tokens", "whole", _M, "As the provider reports them, else estimated."),
    "output": Name("gen_ai.usage.output_tokens", "whole", _M, "As the provider reports them, else estimated."),
    "cached": Name("gen_ai.usage.cache_read.input_tokens", "whole", _M, "Of the input: read from the provider's cache."),
    "cache_write": Name("gen_ai.usage.cache_creation.input_tokens", "whole", _M, "Of the input: written to it.", "gen_ai.usage.cache_write.input_tokens"),
    "reasoning": Name("gen_ai.usage.reasoning.output_tokens", "whole", _M, "Of the output: reasoning."),
    "server": Name("server.address", "text", _M, "Host that was asked."),
    "port": Name("server.port", "whole", _M, "Its port."),
    "llm_model": Name("llm.model_name", "text", _M, "For receivers of the OpenInference family."),
    "llm_input": Name("llm.token_count.prompt", "whole", _M, "The same."),
    "llm_output": Name("llm.token_count.completion", "whole", _M, "The same."),
    "llm_total": Name("llm.token_count.total", "whole", _M, "The same."),
    "llm_cost": Name("llm.cost.total", "number", _M, "Dollars; the same."),
    "evaluation": Name("gen_ai.evaluation.name", "text", ("evaluation",), "The metric of the feedback."),
    "score": Name("gen_ai.evaluation.score.value", "number", ("evaluation",), "Where it is a number."),
    "label": Name("gen_ai.evaluation.score.label", "text", ("evaluation",), "Where it is a word."),
    "source": _haechi("feedback.source", "text", "evaluation", "Who says it: `user`, `developer`, `judge` or `system`."),
    "bad": _haechi("feedback.bad", "bool", "evaluation", "Whether it speaks against the answer."),
    "request_id": _haechi("request.id", "text", "server", "Id of the request."),
    "key": _haechi("key", "text", "server", "Name of the caller's key."),
    "team": _haechi("team", "text", "server", "Its team."),
    "dialect": _haechi("dialect", "text", "server", "API that was spoken."),
    "model": _haechi("model", "text", "server", "Model that was asked for."),
    "served_by": _haechi("served_by", "text", "server", "Target whose answer was given."),
    "outcome": _haechi("outcome", "text", "server", "How it ended."),
    "cache": _haechi("cache", "text", "server", "What the cache did."),
    "cost": _haechi("cost_dollars", "number", "server", "Of all attempts together."),
    "saved": _haechi("saved_dollars", "number", "server", "What the answer cost when it was asked for."),
    "overhead": _haechi("overhead_seconds", "number", "server", "In which no upstream was being asked."),
    "first_token": _haechi("first_token_seconds", "number", "server", "To the first text that went out."),
    "policies": _haechi("policies", "texts", "server", "`name@version` of those that applied."),
    "digest": _haechi("policy_digest", "text", "server", "Of all rules that applied."),
    "exempted": _haechi("exempted", "texts", "server", "Exemptions that took a rule away."),
    "unscanned": _haechi("unscanned", "texts", "server", "What no rule could read."),
    "guarantee": _haechi("guarantee", "text", "server", "Of what was sent."),
    "strategy": _haechi("plan.strategy", "text", "server", "Why this model: how its targets were ordered,"),
    "order": _haechi("plan.order", "texts", "server", "in which order they came,"),
    "excluded": _haechi("plan.excluded", "texts", "server", "and which were left out, each with why."),
    "kept_for": _haechi("sampled_for", "text", "server", "Why it is kept though the sampler would not: `errors`, `blocks`, `bad_feedback`."),
    "candidate": _haechi("target", "text", "model", "Target as the configuration has it."),
    "account": _haechi("provider", "text", "model", "Name of the provider in the configuration."),
    "region": _haechi("region", "text", "model", "Its region."),
    "failure": _haechi("failure", "text", "model", "How the attempt failed, in our words."),
    "estimated": _haechi("usage.estimated", "bool", "model", "Whether tokens are estimated."),
    "attempt_cost": _haechi("attempt.cost_dollars", "number", "model", "Of this attempt."),
    "policy": _haechi("guardrail.policy", "text", "guardrail", "Policy in which the rule stands."),
    "rule": _haechi("guardrail.rule", "text", "guardrail", "Its id."),
    "action": _haechi("guardrail.action", "text", "guardrail", "What it does with a finding."),
    "mode": _haechi("guardrail.mode", "text", "guardrail", "`enforce` or `shadow`."),
    "side": _haechi("guardrail.side", "text", "guardrail", "`in` or `out`."),
    "verdict": _haechi("guardrail.verdict", "text", "guardrail", "`pass`, `shadow`, `failed`, or what it did."),
    "findings": _haechi("guardrail.findings", "whole", "guardrail", "How many."),
    "entities": _haechi("guardrail.entities", "texts", "guardrail", "Of which kinds."),
    "asked_times": _haechi("guardrail.asked", "whole", "guardrail", "How often a check was asked."),
    "cache_status": _haechi("cache.status", "text", "cache", "`hit`, `semantic`, `shadow`, `miss` or `bypass`."),
    "cache_decision": _haechi("cache.decision", "text", "cache", "Why, as in `haechi cache explain`."),
    "similarity": _haechi("cache.similarity", "number", "cache", "Of the question whose answer was or might have been given."),
    "threshold": _haechi("cache.threshold", "number", "cache", "That the class is certified for."),
    "class": _haechi("cache.class", "text", "cache", "Class of traffic."),
    "neighbours": _haechi("cache.neighbours", "texts", "cache", "Similarity of each kept question that was looked at, and what became of it."),
    "cache_kept": _haechi("cache.kept", "text", "cache", "Whether the answer was kept, or why not."),
    "values": _haechi("unscrub.values", "whole", "step", "Values that could be put back."),
}  # fmt: skip


def names(version: Literal["1.41", "latest"]) -> dict[str, str]:
    """Ours to theirs."""
    return {own: (one.now or one.was) if version == "latest" else one.was for own, one in NAMES.items()}
