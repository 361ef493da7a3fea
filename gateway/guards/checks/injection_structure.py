"""Forms that a text has when it plays at being more than text: turns of a chat, tool results, hidden parts of a page."""

from typing import Final

from gateway.guards.checks.injection_signs import Sign, sign, weighed


def structure(text: str) -> dict[str, float]:
    """Signals of a text in lower case, with their weights."""
    return weighed(STRUCTURE, text)


STRUCTURE: Final[tuple[Sign, ...]] = (
    sign("chat template", 0.6, "<|", r"<\|(?:im_start|start_header_id)\|>\s{0,4}(?:system|developer)|<\|(?:system|developer)\|>", ordering=False),
    sign("chat template", 0.6, "<|end", r"<\|end(?:oftext|_of_text)?\|>\s{0,4}(?:system|user|<\|)", ordering=False),
    sign("chat template", 0.45, "<|", r"<\|(?:im_start|im_end|user|assistant|end|endoftext|eot_id|begin_of_text|start_header_id)\|>", ordering=False),
    sign("chat template", 0.45, "inst]|_turn>", r"\[/?inst\]|<(?:start|end)_of_turn>", ordering=False),
    sign("chat template, system", 0.4, "<<", r"<<\/?sys>>", ordering=False),
    sign("heading of a system turn", 0.45, "##", r"(?:^|\n)[ \t]{0,8}#{2,6}[ \t]{0,4}(?:system|시스템|instructions?|new instructions)[ \t]{0,4}:", ordering=False),
    sign("turns of a chat", 0.4, "assistant:", r"(?:^|\n)[ \t]{0,8}(?:human|user)[ \t]{0,4}:[^\n]{0,300}\n{1,3}[ \t]{0,8}assistant[ \t]{0,4}:", ordering=False),
    sign("turns of a chat", 0.6, "assistant:", r"(?:^|\n)[ \t]{0,8}(?:human|user)[ \t]{0,4}:[^\n]{0,300}\n{1,3}[ \t]{0,8}assistant[ \t]{0,4}:[^\n]{0,300}\n{1,3}[ \t]{0,8}system[ \t]{0,4}:", ordering=False),
    sign("system turn", 0.45, "system:|시스템:", r"(?:^|\n|\|>|\s)(?:system|시스템):\s{0,4}(?:new |the assistant|you |all |from now|unlock|safety|ignore|안전|모든)", ordering=False),
    sign("system turn", 0.5, "system", r"\[(?:end )?system(?: message| prompt| override)?\]", ordering=False),
    sign("tags of roles", 0.45, "</|<s|<i|<d|<a", r"</?(?:system|system_prompt|system_message|user_input|user_message|assistant|developer|admin)>", ordering=False),
    sign("message of a role", 0.4, "role", r"[\"']role[\"']\s{0,4}:\s{0,4}[\"'](?:system|developer)[\"']", ordering=False),
    sign("faked tool result", 0.35, "result|response", r"<(?:tool_result|function_results?|tool_response|tool_output)>", ordering=False),
    sign("end of what is quoted", 0.35, "end of", r"[-=*#]{3,20}\s{0,4}end of [a-z ]{3,40}[-=*#]{3,20}", ordering=False),
    sign("orders in a comment", 0.4, "<!--", r"<!--[^<>]{0,300}?\b(?:assistant|ai|ais|llm|agents?|ignore|disregard|instructions?|prompt|the user|the reader)\b", ordering=False),
    sign("orders in a comment", 0.4, "<!--", r"<!--[^<>]{0,300}?(?:지시|무시|인공지능|프롬프트|사용자)", ordering=False),
    sign("hidden part of a page", 0.4, "display|font|color|visib|opac", r"(?:display\s{0,2}:\s{0,2}none|font-size\s{0,2}:\s{0,2}0|color\s{0,2}:\s{0,2}(?:white|#fff)|visibility\s{0,2}:\s{0,2}hidden|opacity\s{0,2}:\s{0,2}0)[^<>]{0,80}>[^<]{0,400}?(?:\b(?:you|your|ai|assistant|instructions?|ignore|prompt)\b|지시|무시|너는|당신)", ordering=False),
    sign("image that carries text away", 0.65, "![", r"!\[[^\]\n]{0,100}\]\(https?://[^)\s]{1,300}[?&=/](?:[^)\s]{0,100})(?:[{\[<]|%7b|\$\(|insert|conversation|history|secret)", ordering=False),
    sign("image that carries text away", 0.1, "![", r"!\[[^\]\n]{0,100}\]\(https?://[^)\s]{1,300}\?[^)\s]{0,100}=", ordering=False),
    sign("link that carries text away", 0.6, "http", r"\b(?:append|add|put|attach|insert)\b[^\n]{0,80}\b(?:to|in|into) (?:this|the|that) (?:link|url|image)\b[^\n]{0,80}https?://", ordering=False),
)  # fmt: skip
