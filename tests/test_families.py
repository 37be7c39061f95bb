"""A model's family is told by its name, as endpoints, data sets and files write it."""

import pytest

from generation.families import family_of

NAMES = {
    "gpt": """gpt-4o-mini gpt-4.1 gpt-5-nano gpt-3.5-turbo-0125 gpt4o openai/gpt-oss-120b
        gpt-oss:20b o1 o3-mini o4-mini-2025-04-16 openai/o3 chatgpt-4o-latest text-davinci-003
        codex-mini-latest
        openai.gpt-oss-120b-1:0 ft:gpt-4o-mini-2024-07-18:mistral-fans::abc123 azure/my-gpt-4o
        ft:o3-mini:acme::abc""",
    "claude": """claude-3-5-sonnet claude-3-5-sonnet-20241022 claude-opus-4-1
        anthropic.claude-v2 us.anthropic.claude-3-5-haiku-20241022-v1:0 anthropic/claude-sonnet-4.5
        Claude-Instant-v1""",
    "qwen": """Qwen/Qwen3-VL-8B-Instruct qwq-32b QwQ-32B-Preview qvq-72b qwen2.5:7b qwen-max
        QwenLong-L1-32B CodeQwen1.5-7B deepseek-ai/DeepSeek-R1-Distill-Qwen-7B
        deepseek-ai/DeepSeek-R1-0528-Qwen3-8B TeichAI/Qwen3-8B-Claude-4.5-Opus-Distill
        hf.co/bartowski/Qwen2.5-7B-Instruct-GGUF:Q4_K_M Qwen/Foo-7B models/qwen2.5-7b/model.gguf""",
    "llama": """meta-llama/Llama-3.1-8B-Instruct llama3.2:3b llama-2-70b-chat Meta-Llama-3-8B
        codellama:13b meta.llama3-1-70b-instruct-v1:0
        accounts/fireworks/models/llama-v3p1-8b-instruct
        deepseek-r1-distill-llama-70b Llama-3.1-Nemotron-70B-Instruct dolphin-2.9-llama3-8b
        NousResearch/Hermes-3-Llama-3.1-8B vicuna-13b-v1.5 minicpm-llama3-v-2.5 llava-llama3""",
    "mistral": """mistral-large-latest mistral.mistral-large-2402-v1:0 open-mixtral-8x22b
        ministral-8b codestral-2501 pixtral-12b-2409 magistral-small devstral
        mistralai/Mistral-7B-Instruct-v0.3 nous-hermes-2-mixtral-8x7b llava-v1.6-mistral-7b
        voxtral-mini bakllava""",
    "gemini": """gemini-2.5-pro models/gemini-1.5-flash google/gemma-3-27b-it gemma2:9b
        google/paligemma-3b medgemma-4b publishers/google/models/gemini-2.0-flash""",
    "deepseek": "deepseek-chat deepseek-ai/DeepSeek-V3.1 deepseek-r1:7b deepseek/deepseek-reasoner",
    "phi": "microsoft/Phi-3.5-vision-instruct phi4 phi-4-mini phi3:mini",
    "command": "command-r-plus cohere.command-r-v1:0 CohereForAI/c4ai-command-r-v01 aya-expanse-8b",
    "grok": "grok-4 x-ai/grok-3-mini",
    "kimi": "moonshotai/Kimi-K2-Instruct kimi-latest moonshot-v1-8k",
    "glm": "zai-org/GLM-4.6 glm-4v chatglm3-6b THUDM/cogvlm2",
    "yi": "01-ai/Yi-1.5-34B-Chat yi-large Yi-34B-200K-Llamafied",
    "internlm": "internlm2_5-7b-chat OpenGVLab/InternVL3-8B",
    "minicpm": "openbmb/MiniCPM-V-2_6 minicpm-v:8b",
    "smollm": """/models/SmolLM2-135M.Q4.gguf HuggingFaceTB/SmolVLM-Instruct smollm2:135m
        C:\\models\\SmolLM2-135M.gguf""",
    "falcon": "tiiuae/Falcon3-7B falcon:40b",
    "granite": "ibm-granite/granite-3.1-8b granite3-dense",
    "nova": "amazon.nova-pro-v1:0 us.amazon.nova-lite-v1:0 nova-micro",
    "jamba": "ai21.jamba-1-5-large-v1:0 jamba-mini",
    "nemotron": "nvidia/Nemotron-4-340B-Instruct nvidia-nemotron-nano-9b-v2",
    "olmo": "allenai/OLMo-2-1124-13B-Instruct olmoe-1b-7b",
    "exaone": "LGAI-EXAONE/EXAONE-3.5-7.8B",
    "hunyuan": "tencent/Hunyuan-A13B",
    "ernie": "ernie-4.5-8k baidu/ERNIE-4.5-21B",
    "doubao": "doubao-pro-32k ByteDance-Seed/Seed-OSS-36B",
    "step": "step-1v-8k stepfun-ai/step3",
    "minimax": "MiniMax-M2 abab6.5s-chat",
    "pythia": "EleutherAI/gpt-j-6b gpt-neox-20b pythia-12b",
    "llava": "llava llava:7b liuhaotian/llava-v1.5-13b",
}


@pytest.mark.parametrize(
    ("model", "family"),
    [(name, family) for family, names in NAMES.items() for name in names.split()],
)
def test_a_known_name_tells_its_family(model: str, family: str) -> None:
    assert family_of(model) == family


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("acme/foo-7b-v2", "foo"),
        ("tiny-test-model", "tiny"),
        ("/srv/llama.cpp/foo.gguf", "foo"),
        ("TinyLlama-1.1B", "tinyllama"),
        ("dolphin-7b", "dolphin"),
        ("arcee-nova", "arcee"),
        ("egypt-7b", "egypt"),
        ("stepwise-7b", "stepwise"),
        ("Été-7b", "été"),
        ("123", "123"),
        ("models/foo/", "foo"),
    ],
)
def test_an_unknown_name_is_its_own_family(model: str, family: str) -> None:
    assert family_of(model) == family


@pytest.mark.parametrize("model", ["offline rewriter", "offline judge", "Offline judge"])
def test_what_runs_offline_is_one_family(model: str) -> None:
    assert family_of(model) == "offline"


@pytest.mark.parametrize("model", ["", "  ", "/"])
def test_no_name_is_no_family(model: str) -> None:
    assert family_of(model) == ""
