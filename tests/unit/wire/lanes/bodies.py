"""Requests as callers write them, with every kind of field that holds text, for each dialect."""

import json
from typing import Any

SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "a title",
    "properties": {
        "city": {"type": "string", "description": "which city", "enum": ["서울", "부산", 3], "pattern": "^a b$"},
        "이름": {"anyOf": [{"const": "the const"}, {"$ref": "#/$defs/x"}], "default": {"deep key": ["deep"]}},
        "list": {"type": "array", "items": {"type": ["string", "null"], "examples": ["an example"]}},
    },
    "required": ["city", "이름"],
    "$defs": {"x": {"description": "in defs", "minimum": 3, "x-unknown": "an extension"}},
    "additionalProperties": False,
}
ARGUMENTS = json.dumps({"city": "가나", "phone": 1012345678, "nested": [{"키": True, "x": 1.5}], "none": None})
NESTED = json.dumps({"content": [{"type": "text", "text": json.dumps({"name": "김철수"})}]})

CHAT: dict[str, Any] = {
    "model": "m-1",
    "temperature": 0.2,
    "stream": True,
    "stream_options": {"include_usage": True},
    "messages": [
        {"role": "system", "content": "be good"},
        {"role": "developer", "content": [{"type": "text", "text": "be terse"}], "name": "dev"},
        {
            "role": "user",
            "name": "kim",
            "content": [
                {"type": "text", "text": "hello", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
                "bare",
                {"type": "image_url", "image_url": {"url": "https://a.example/kim.png", "detail": "low"}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
                {"type": "file", "file": {"file_id": "file-1", "filename": "kim.pdf"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "lee.pdf"}},
                {"type": "hologram", "id": "h1", "depth": 3, "caption": {"ko": "a caption", "n": 5}},
            ],
        },
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "said"}, {"type": "refusal", "refusal": "refused"}],
            "refusal": "no",
            "reasoning_content": "thought",
            "reasoning_details": [
                {"type": "reasoning.text", "text": "sealed thought", "signature": "c2ln"},
                {"type": "reasoning.encrypted", "data": "ZGF0YQ=="},
                {"type": "reasoning.summary", "summary": "a summary"},
            ],
            "audio": {"id": "audio_1"},
            "annotations": [{"type": "url_citation", "url_citation": {"url": "https://b.example", "title": "B"}}],
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": ARGUMENTS}},
                {"id": "call_2", "type": "function", "function": {"name": "f", "arguments": "no json \\uac00"}},
                {"id": "call_3", "type": "custom", "custom": {"name": "c", "input": "free text"}},
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": NESTED},
        {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": "plain result"}]},
        {"role": "assistant", "content": None, "function_call": {"name": "g", "arguments": '{"a":"b"}'}},
        {"role": "function", "name": "g", "content": "legacy result"},
        {"role": "narrator one", "content": "from nowhere"},
    ],
    "tools": [
        {"type": "function", "function": {"name": "f", "description": "does f", "parameters": SCHEMA, "strict": True}},
        {
            "type": "custom",
            "custom": {
                "name": "c",
                "description": "does c",
                "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: WORD"}},
            },
        },
        {"type": "code_runner", "setup": "pip install x"},
    ],
    "functions": [{"name": "g", "description": "does g", "parameters": SCHEMA}],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "answer", "description": "the form", "schema": SCHEMA, "strict": True},
    },
    "prediction": {"type": "content", "content": [{"type": "text", "text": "predicted"}]},
    "metadata": {"who": "kim", "where": "seoul"},
    "user": "user-kim",
    "safety_identifier": "safe-kim",
    "prompt_cache_key": "cache-kim",
    "stop": ["END", "STOP"],
    "logit_bias": {"50256": -100},
    "web_search_options": {
        "search_context_size": "low",
        "user_location": {"type": "approximate", "approximate": {"city": "Seoul", "country": "KR"}},
    },
    "chat_template_kwargs": {"persona": "a pirate", "level": 7},
}

RESPONSES: dict[str, Any] = {
    "model": "m-1",
    "instructions": "be good",
    "previous_response_id": "resp_1",
    "conversation": {"id": "conv_1"},
    "prompt": {
        "id": "pmpt_1",
        "version": "2",
        "variables": {"name": "kim", "pic": {"type": "input_image", "file_id": "f"}},
    },
    "input": [
        {"role": "user", "content": "hello"},
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "parts"},
                {"type": "input_image", "image_url": "https://a.example/kim.png", "detail": "auto"},
                {"type": "input_file", "file_url": "https://a.example/kim.pdf", "filename": "kim.pdf"},
                {"type": "input_file", "file_data": "AAAA", "filename": "lee.pdf"},
                {"type": "input_hologram", "shape": "of kim"},
            ],
        },
        {
            "type": "message",
            "role": "assistant",
            "id": "msg_1",
            "status": "completed",
            "content": [
                {
                    "type": "output_text",
                    "text": "said",
                    "annotations": [
                        {"type": "url_citation", "url": "https://b.example", "title": "B", "start_index": 1}
                    ],
                    "logprobs": [{"token": "sa", "logprob": -0.1, "bytes": [115, 97]}],
                },
                {"type": "refusal", "refusal": "refused"},
            ],
        },
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "a summary"}],
            "content": [{"type": "reasoning_text", "text": "a thought"}],
            "encrypted_content": "ZW5j",
        },
        {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": ARGUMENTS},
        {"type": "function_call_output", "call_id": "call_1", "output": NESTED},
        {
            "type": "function_call_output",
            "call_id": "call_1",
            "output": [{"type": "input_text", "text": "part result"}],
        },
        {"type": "custom_tool_call", "call_id": "call_2", "name": "c", "input": "free text"},
        {"type": "custom_tool_call_output", "call_id": "call_2", "output": "custom result"},
        {"type": "item_reference", "id": "msg_0"},
        {"id": "msg_00"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "kim"}},
        {"type": "file_search_call", "id": "fs_1", "queries": ["lee"], "results": [{"text": "found", "score": 0.5}]},
        {"type": "code_interpreter_call", "id": "ci_1", "code": "print(1)", "outputs": [{"type": "logs", "logs": "1"}]},
        {
            "type": "mcp_call",
            "id": "mcp_1",
            "name": "t",
            "server_label": "s",
            "arguments": "{}",
            "output": "mcp result",
        },
        {
            "type": "mcp_list_tools",
            "server_label": "s",
            "tools": [{"name": "t", "description": "d", "input_schema": SCHEMA}],
        },
        {"type": "mcp_approval_response", "approval_request_id": "a", "approve": True, "reason": "because"},
        {"type": "shell_call", "call_id": "c3", "action": {"commands": ["ls kim"]}},
        {
            "type": "shell_call_output",
            "call_id": "c3",
            "output": [{"stdout": "out", "stderr": "", "outcome": {"type": "exit"}}],
        },
        {
            "type": "apply_patch_call",
            "call_id": "c4",
            "operation": {"type": "update_file", "path": "a b", "diff": "+x y"},
        },
        {"type": "computer_call_output", "call_id": "c5", "output": {"type": "computer_screenshot", "file_id": "f5"}},
        {"type": "image_generation_call", "id": "ig", "result": "AAAA"},
        {"type": "compaction", "encrypted_content": "ZW5j"},
        {"type": "thought_transfer", "id": "tt", "payload": {"words": "from mind"}},
    ],
    "tools": [
        {"type": "function", "name": "f", "description": "does f", "parameters": SCHEMA, "strict": True},
        {"type": "custom", "name": "c", "format": {"type": "grammar", "syntax": "lark", "definition": "start: WORD"}},
        {"type": "web_search", "user_location": {"type": "approximate", "city": "Seoul"}},
        {"type": "mcp", "server_label": "s", "server_url": "https://mcp.example", "headers": {"X-Key": "a b"}},
        {"type": "file_search", "vector_store_ids": ["vs_1"], "filters": {"type": "eq", "key": "who", "value": "kim"}},
        {"type": "local_shell"},
    ],
    "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
    "text": {"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA}, "verbosity": "low"},
    "reasoning": {"effort": "low", "summary": "auto"},
    "include": ["reasoning.encrypted_content"],
    "metadata": {"who": "kim"},
    "user": "user-kim",
    "store": False,
    "mood": "bright and early",
}

MESSAGES: dict[str, Any] = {
    "model": "m-1",
    "max_tokens": 64,
    "system": [{"type": "text", "text": "be good", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {"role": "user", "content": "hello"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "blocks"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                {"type": "image", "source": {"type": "url", "url": "https://a.example/kim.png"}},
                {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
                {
                    "type": "document",
                    "title": "a title",
                    "context": "a context",
                    "source": {"type": "text", "media_type": "text/plain", "data": "document text"},
                    "citations": {"enabled": True},
                },
                {
                    "type": "document",
                    "source": {"type": "content", "content": [{"type": "text", "text": "inner text"}]},
                },
                {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}},
                {"type": "document", "source": {"type": "dream", "of": "sheep"}},
                {
                    "type": "search_result",
                    "source": "https://b.example",
                    "title": "B",
                    "content": [{"type": "text", "text": "a find"}],
                },
                {"type": "container_upload", "file_id": "file_2"},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "sealed thought", "signature": "c2ln"},
                {"type": "thinking", "thinking": "open thought", "signature": ""},
                {"type": "redacted_thinking", "data": "ZGF0YQ=="},
                {"type": "text", "text": "said", "citations": [{"type": "char_location", "cited_text": "cited"}]},
                {"type": "tool_use", "id": "t1", "name": "f", "input": json.loads(ARGUMENTS)},
                {"type": "server_tool_use", "id": "t2", "name": "web_search", "input": {"query": "kim"}},
                {
                    "type": "web_search_tool_result",
                    "tool_use_id": "t2",
                    "content": [
                        {
                            "type": "web_search_result",
                            "url": "https://c.example",
                            "title": "C",
                            "encrypted_content": "ZW5j",
                        }
                    ],
                },
                {
                    "type": "code_execution_tool_result",
                    "tool_use_id": "t3",
                    "content": {
                        "type": "code_execution_result",
                        "stdout": "out",
                        "stderr": "err",
                        "return_code": 0,
                        "content": [{"type": "code_execution_output", "file_id": "f3"}],
                    },
                },
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": NESTED},
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "block result"}]},
                {"type": "telepathy", "message": "from afar"},
            ],
        },
    ],
    "tools": [
        {"name": "f", "description": "does f", "input_schema": SCHEMA, "input_examples": [{"city": "an example city"}]},
        {"type": "bash_20250124", "name": "bash"},
        {
            "type": "web_search_20250305",
            "name": "web_search",
            "user_location": {"type": "approximate", "city": "Seoul"},
        },
    ],
    "tool_choice": {"type": "tool", "name": "f"},
    "metadata": {"user_id": "user-kim"},
    "stop_sequences": ["END"],
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}},
    "mcp_servers": [{"type": "url", "name": "s", "url": "https://mcp.example", "authorization_token": "tok"}],
    "container": {"id": "cont_1", "skills": [{"type": "anthropic", "skill_id": "pdf", "version": "latest"}]},
    "context_management": {"edits": [{"type": "compact_20260112", "instructions": "keep names"}]},
    "mood": "bright and early",
}

BODIES: dict[str, list[dict[str, Any]]] = {
    "chat": [CHAT],
    "responses": [RESPONSES, {"model": "m", "input": "hello"}],
    "messages": [MESSAGES, {"model": "m", "system": "be good", "messages": []}],
    "count_tokens": [MESSAGES],
    "completions": [
        {"model": "m", "prompt": "hello", "suffix": "the end", "stop": "END", "user": "kim", "logprobs": 3},
        {"model": "m", "prompt": ["one", "two"]},
        {"model": "m", "prompt": [1, 2, 3]},
        {"model": "m", "prompt": [[1, 2], [3, "odd one"], "text"]},
    ],
    "embeddings": [
        {"model": "m", "input": "hello", "user": "kim", "dimensions": 8, "encoding_format": "float"},
        {"model": "m", "input": ["one", "two"]},
        {"model": "m", "input": [[1, 2], [3]]},
        {"model": "m", "input": [{"type": "text", "text": "part"}]},
    ],
    "moderations": [
        {"input": "hello"},
        {
            "input": [
                "one",
                {"type": "text", "text": "two"},
                {"type": "image_url", "image_url": {"url": "https://a.example"}},
            ]
        },
    ],
    "rerank": [{"model": "m", "query": "which one", "documents": ["one", {"text": "two", "title": "T"}], "top_n": 2}],
    "images": [{"model": "m", "prompt": "a haechi", "size": "1x1", "images": [{"image_url": "https://a.example"}]}],
    "audio": [{"model": "m", "input": "say it", "instructions": "slowly", "voice": {"id": "v"}, "speed": 1.5}],
    "files": [{"purpose": "batch", "title": "a new field"}],
    "batches": [{"input_file_id": "file_1", "endpoint": "/v1/responses", "metadata": {"who": "kim"}}],
}
