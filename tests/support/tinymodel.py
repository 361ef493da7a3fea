"""A language model of some 300 KB that this file makes: GGUF, `llama` architecture, one layer, one token per byte.

Its weights are chosen, not trained: whatever came before, the next byte follows from the last one (`follows`). So a real
model server, with a real tokenizer, sampler and stream, says things that a test can know beforehand.
"""

import random
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

WIDTH: Final = 64
HEADS: Final = 4
HIDDEN: Final = 128
TRAINED_FOR: Final = 4096

# Messages one after the other, and what tools there are before them; the answer goes on from the last letter of all.
TEMPLATE: Final = (
    "{% if tools %}tools: {{ tools | tojson }}{{ '\\n' }}{% endif %}"
    "{% for message in messages %}{{ message['role'] }}: {% if message['content'] %}{{ message['content'] }}{% endif %}"
    "{% if message['tool_calls'] %}{% for call in message['tool_calls'] %}"
    "{{ call['function']['name'] }}({{ call['function']['arguments'] | tojson }}){% endfor %}{% endif %}"
    "{% if not loop.last %}{{ '\\n' }}{% endif %}{% endfor %}"
)

_LETTERS: Final = b"?abcdefghijklmnopqrstuvwxyz"
_DIGITS: Final = b"0123456789"
_KOREAN: Final = "가".encode()
_END: Final = 256
"""The token behind the 256 bytes."""

_CERTAIN: Final = 60.0
"""Logit of the byte that follows; all others stay far below, so that no temperature in use makes a difference."""

_ALIGNMENT: Final = 32
_UINT32, _FLOAT32, _STRING, _ARRAY, _INT32 = 4, 6, 8, 9, 5
_TENSOR_F32: Final = 0
_NORMAL, _CONTROL = 1, 3


def follows(byte: int) -> int:
    """What comes after a byte: `a` after `?`, then the next letter, and the end after `z`; the next digit, round and round;
    가 after 가; every other byte, and the end, once more.
    """
    if byte in (_LETTERS[-1], _END):
        return _END
    for row in (_LETTERS, _DIGITS, _KOREAN):
        if byte in row:
            return row[(row.index(byte) + 1) % len(row)]
    return byte


def make(path: Path) -> None:
    """Writes the model; the same bytes every time."""
    tensors = _tensors(random.Random(0))
    values = b"".join(_values())
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), _VALUE_COUNT) + values
    data = bytearray()
    for name, (shape, numbers) in tensors.items():
        head += _string(name) + struct.pack("<I", len(shape))
        head += struct.pack(f"<{len(shape)}Q", *shape) + struct.pack("<IQ", _TENSOR_F32, len(data))
        data += struct.pack(f"<{len(numbers)}f", *numbers)
        data += bytes(-len(data) % _ALIGNMENT)
    path.write_bytes(head + bytes(-len(head) % _ALIGNMENT) + data)


Shape = tuple[int, ...]


def _tensors(rng: random.Random) -> dict[str, tuple[Shape, list[float]]]:
    """By name: the shape (fastest dimension first) and the numbers. Attention and feed-forward add next to nothing."""
    codes = [[rng.choice((-1.0, 1.0)) for _ in range(WIDTH)] for _ in range(_END + 1)]
    heads = [[0.0] * WIDTH for _ in codes]
    for token, code in enumerate(codes):
        following = heads[follows(token)]
        for at, number in enumerate(code):
            following[at] += number * _CERTAIN / WIDTH

    def noise(*shape: int) -> tuple[Shape, list[float]]:
        count = 1
        for length in shape:
            count *= length
        return shape, [rng.gauss(0, 0.01) for _ in range(count)]

    def ones() -> tuple[Shape, list[float]]:
        return (WIDTH,), [1.0] * WIDTH

    def rows(table: Sequence[Sequence[float]]) -> tuple[Shape, list[float]]:
        return (WIDTH, len(table)), [number for row in table for number in row]

    return {
        "token_embd.weight": rows(codes),
        "output_norm.weight": ones(),
        "output.weight": rows(heads),
        "blk.0.attn_norm.weight": ones(),
        "blk.0.attn_q.weight": noise(WIDTH, WIDTH),
        "blk.0.attn_k.weight": noise(WIDTH, WIDTH),
        "blk.0.attn_v.weight": noise(WIDTH, WIDTH),
        "blk.0.attn_output.weight": noise(WIDTH, WIDTH),
        "blk.0.ffn_norm.weight": ones(),
        "blk.0.ffn_gate.weight": noise(WIDTH, HIDDEN),
        "blk.0.ffn_up.weight": noise(WIDTH, HIDDEN),
        "blk.0.ffn_down.weight": noise(HIDDEN, WIDTH),
    }


_VALUE_COUNT: Final = 17


def _values() -> Iterator[bytes]:
    """The metadata: exactly `_VALUE_COUNT` of them."""
    yield _text("general.architecture", "llama")
    yield _text("general.name", "tiny")
    yield _number("llama.context_length", TRAINED_FOR)
    yield _number("llama.embedding_length", WIDTH)
    yield _number("llama.block_count", 1)
    yield _number("llama.feed_forward_length", HIDDEN)
    yield _number("llama.attention.head_count", HEADS)
    yield _number("llama.attention.head_count_kv", HEADS)
    yield _number("llama.rope.dimension_count", WIDTH // HEADS)
    yield _string("llama.attention.layer_norm_rms_epsilon") + struct.pack("<If", _FLOAT32, 1e-5)
    yield _text("tokenizer.ggml.model", "gpt2")
    yield _text("tokenizer.ggml.pre", "default")
    yield _array("tokenizer.ggml.tokens", _STRING, [_string(name) for name in (*_byte_names(), "<end>")])
    kinds = [_NORMAL] * _END + [_CONTROL]
    yield _array("tokenizer.ggml.token_type", _INT32, [struct.pack("<i", kind) for kind in kinds])
    yield _array("tokenizer.ggml.merges", _STRING, [])
    yield _number("tokenizer.ggml.eos_token_id", _END)
    yield _text("tokenizer.chat_template", TEMPLATE)


def _byte_names() -> list[str]:
    """How byte-level vocabularies write each byte: printable ones of Latin-1 as themselves, the others from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = (byte for byte in range(256) if byte not in printable)
    moved = {byte: chr(0x100 + place) for place, byte in enumerate(others)}
    return [moved.get(byte, chr(byte)) for byte in range(256)]


def _string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _text(key: str, text: str) -> bytes:
    return _string(key) + struct.pack("<I", _STRING) + _string(text)


def _number(key: str, number: int) -> bytes:
    return _string(key) + struct.pack("<II", _UINT32, number)


def _array(key: str, kind: int, items: Sequence[bytes]) -> bytes:
    return _string(key) + struct.pack("<IIQ", _ARRAY, kind, len(items)) + b"".join(items)
