"""Writes tokenizer-classes.json: which class of transformers reads a tokenizer, and how it does.

    python classes.py > src/main/resources/io/embark/token/tokenizer-classes.json
"""

import json
import re

import transformers
import transformers.models.auto.tokenization_auto as auto
from transformers.tokenization_utils_tokenizers import TokenizersBackend

# Names that transformers 4 exported and 5 still finds by way of others.
OLDER = """Electra MobileBert SqueezeBert ConvBert LayoutLM Lxmert Longformer Bart LED Mvp DPRContextEncoder
 DPRQuestionEncoder DPRReader CodeGen Bloom""".split()

# The recipe in tokenizer-recipes.json of each class that builds its tokenizer itself.
RECIPES = dict(
    BertTokenizer="bert", DistilBertTokenizer="bert", MPNetTokenizer="mpnet",
    HerbertTokenizer="herbert", RobertaTokenizer="roberta", DebertaTokenizer="deberta", GPT2Tokenizer="gpt2",
    GPTNeoXTokenizer="gpt-neox", Qwen2Tokenizer="qwen2", Qwen3_5Tokenizer="qwen3.5",
    XLMRobertaTokenizer="xlm-roberta", CamembertTokenizer="camembert", T5Tokenizer="t5",
    AlbertTokenizer="albert", XLNetTokenizer="xlnet", DebertaV2Tokenizer="deberta-v2",
    LlamaTokenizer="llama", GemmaTokenizer="gemma")


def main():
    names = {n for n in dir(transformers) if re.fullmatch(r"\w+Tokenizer(Fast)?", n)}
    names |= {c for c in auto.TOKENIZER_MAPPING_NAMES.values() if c}
    names |= {n + end for n in OLDER for end in ("Tokenizer", "TokenizerFast")}
    names |= {n + "Fast" for n in names if not n.endswith("Fast")}
    built, unknown, python = {}, [], []
    for name in sorted(names):
        cls = auto.tokenizer_class_from_name(name)
        if not isinstance(cls, type) or cls.__name__ in ("AutoTokenizer", "PythonBackend"):
            continue
        if not issubclass(cls, TokenizersBackend):
            python.append(name)
        elif cls is not TokenizersBackend and "__init__" in cls.__dict__:
            if cls.__name__ in RECIPES:
                built[name] = RECIPES[cls.__name__]
            else:
                unknown.append(name)
        elif cls is not TokenizersBackend:
            # Its parent's code runs over the file's own tokenizer.
            if issubclass(cls, transformers.BertTokenizer):
                built[name] = "bert around the file's rules"
            else:
                unknown.append(name)
    as_is = ("TokenizersBackend", "PythonBackend", "PreTrainedTokenizerFast", "MistralCommonBackend")
    types = {t: "" if c in as_is else c.removesuffix("Fast") for t, c in auto.TOKENIZER_MAPPING_NAMES.items() if c}
    print(json.dumps({
        "source": "transformers " + transformers.__version__ + "; a class that is not named here uses tokenizer.json as it stands",
        "recipes": built,
        "without recipe": unknown,
        "without tokenizer.json": python,
        "model types": types,
        "model types whose class counts": sorted(t for t in auto.MODELS_WITH_INCORRECT_HUB_TOKENIZER_CLASS if types.get(t)),
    }, indent=1))


main()
