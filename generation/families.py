"""Which models share a training lineage, as far as their names tell.

A judge scores what its own family wrote too well: what is likely under a model's own weights
pleases it (Wataoka and others, arXiv 2410.21819). So a name that tells of two families belongs to
the one that the weights come from: "DeepSeek-R1-Distill-Qwen-7B" is a Qwen that learnt from
DeepSeek, "Qwen3-8B-Claude-Opus-Distill" one that learnt from Claude.
"""

import re
from functools import lru_cache

# A family and the patterns of its names, each from the start of a run of letters on. The first
# family found in a name is its own: those whose weights others train on come first, then makers
# that others learn from. Other names tell their family by how they begin.
PATTERNS: list[tuple[str, str]] = [
    # "Llamafied" says how another model's weights are written, llama.cpp what runs them.
    ("llama", r"(?:code)?llama(?!fied|[.\-_]?cpp)|vicuna|alpaca"),
    ("qwen", r"(?:code)?qwen|q[wv]q(?![a-z])"),
    ("mistral", r"(?:mi|mini|code|dev|magi|math)stral|(?:mi|pi|vo)xtral|bakllava"),
    ("gemini", r"(?:code|pali|shield|med|data|embedding)?gemma"),
    ("phi", r"phi(?![a-z])"),
    ("yi", r"yi(?![a-z])"),
    ("smollm", r"smol(?:lm|vlm)"),
    ("internlm", r"intern(?:lm|vl)"),
    ("falcon", r"falcon"),
    ("granite", r"granite"),
    ("olmo", r"olmo"),
    ("pythia", r"pythia|gpt-?(?:j|neox?)(?![a-z])"),
    ("glm", r"(?:chat|cog)?glm(?![a-z])|cogvlm|codegeex"),
    ("minicpm", r"minicpm"),
    ("nemotron", r"(?:nemo|mini)tron"),
    ("exaone", r"exaone"),
    ("hunyuan", r"hunyuan"),
    ("ernie", r"ernie"),
    ("jamba", r"jamba"),
    ("kimi", r"kimi|moonshot|moonlight"),
    ("command", r"command(?![a-z])|c4ai|aya(?![a-z])"),
    ("minimax", r"minimax|abab"),
    ("deepseek", r"deepseek"),
    ("gpt", r"(?:chat)?gpt(?![a-z])|^o[1-9](?![a-z0-9])|^(?:text-)?davinci|^codex|^computer-use"),
    ("claude", r"claude"),
    ("gemini", r"gemini|palm(?![a-z])|^bard(?![a-z])"),
    ("grok", r"grok(?![a-z])"),
    ("nova", r"^(?:[a-z]{2,4}\.)?(?:amazon[.-])?nova(?![a-z])"),
    ("doubao", r"doubao|^seed-(?:oss|\d)"),
    ("step", r"^step-?\d"),
    # A way to join eyes to any model; the name may not say which.
    ("llava", r"llava"),
]
FAMILIES = [(family, re.compile(rf"(?<![a-z])(?:{pattern})")) for family, pattern in PATTERNS]
LETTERS = re.compile(r"[^\W\d_]+")
# "ft:gpt-4o-mini:acme::abc": the names behind the model are the customer's.
FINE_TUNE = re.compile(r"^ft:([^:]+).*")


@lru_cache(maxsize=1024)
def family_of(model: str) -> str:
    """The family of a model by its name at an endpoint, in a data set or as a file; "" for "".

    Of a name that tells of no known family, the letters that it begins with: "acme/foo-7b" is
    "foo". What runs offline is "offline".
    """
    parts = [part for part in re.split(r"[/\\]+", model.strip().lower()) if part]
    # A folder or maker may tell what the file does not: "qwen2.5-7b/model.gguf".
    for part in reversed(parts[-2:]):
        if family := _named_in(part):
            return family
    return _beginning(parts[-1]) if parts else ""


def _named_in(part: str) -> str:
    name = FINE_TUNE.sub(r"\1", part)
    return next((family for family, pattern in FAMILIES if pattern.search(name)), "")


def _beginning(part: str) -> str:
    found = LETTERS.search(part)
    return found[0] if found else part
