"""Writes cases.json.gz: tokenizer files of many kinds, and the ids that AutoTokenizer gives for each.

    python cases.py ../models/tokenizers > cases.json && gzip -9n cases.json
"""

import base64
import copy
import io
import json
import os
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
import sentencepiece  # noqa: E402
import tokenizers  # noqa: E402
import transformers  # noqa: E402

TEXTS = ["Hello world", "HELLO Café naïve", "  two  spaces ", "中文 ab", "tab\tnew\nline", "a <mask> [MASK] b", "ﬁne ①",
         "e\u0301 x\u0007y", "don't stop, now", "report the world", "", "<extra_id_3> [CLS] </s> <s>"]
BASES = {n: json.load(open(f"{sys.argv[1]}/{n}.json")) for n in ("bert_uncased", "bert_cased", "roberta", "qwen3")}
META = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
SPLIT_META = {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, META]}


def charsmap():
    """A small map of characters as SentencePiece makes it."""
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/rules.tsv", "w") as rules:
            rules.write("FB01\t66 69\n2460\t31\n")
        with open(f"{folder}/text", "w") as text:
            text.write("\n".join(["hello world a b c"] * 50))
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            input=f"{folder}/text", model_writer=model, vocab_size=20, hard_vocab_limit=False, minloglevel=2,
            normalization_rule_tsv=f"{folder}/rules.tsv")
        from transformers.convert_slow_tokenizer import import_protobuf
        proto = import_protobuf().ModelProto()
        proto.ParseFromString(model.getvalue())
        return {"type": "Precompiled",
                "precompiled_charsmap": base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()}


PRE = charsmap()
PIECES = ["▁", "▁hello", "▁Hello", "▁world", "▁report", "▁the", "▁a", "▁b", "▁two", "▁spaces", "▁tab", "▁new", "▁line", "fi",
          "ne", "▁ne", "1", "b", "Caf", "caf", "é", "e", "cafe", "don", "'", "t", "stop", ",", "now", "中文", "x", "y", "▁Café"]


def sequence(*rules):
    return {"type": "Sequence", "normalizers": list(rules)}


def replace(pattern, content, kind="Regex"):
    return {"type": "Replace", "pattern": {kind: pattern}, "content": content}


def around(first, last, ids):
    def special(t):
        return [{"SpecialToken": {"id": t, "type_id": 0}}] if t else []
    single = special(first) + [{"Sequence": {"id": "A", "type_id": 0}}] + special(last)
    return {"type": "TemplateProcessing", "single": single,
            "pair": single + [{"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {t: {"id": t, "ids": [ids[t]], "tokens": [t]} for t in (first, last) if t}}


def unigram(special, unknown, normalizer, cuts, first, last):
    vocab = [[t, 0.0] for t in special] + [[p, -3.0 - i / 10] for i, p in enumerate(PIECES)]
    ids = {v[0]: i for i, v in enumerate(vocab)}
    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [{"id": ids[t], "content": t, "single_word": False, "lstrip": t in ("<mask>", "[MASK]"),
                              "rstrip": False, "normalized": False, "special": True} for t in special if "NOTUSED" not in t],
            "normalizer": normalizer, "pre_tokenizer": cuts, "post_processor": around(first, last, ids), "decoder": META,
            "model": {"type": "Unigram", "unk_id": ids[unknown], "vocab": vocab}}


def bpe(special, normalizer, cuts, first, last):
    """As Llama and Gemma have it."""
    t = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    t.normalizer = tokenizers.normalizers.Replace(" ", "▁")
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=320, show_progress=False, special_tokens=special + [f"<0x{i:02X}>" for i in range(256)])
    t.train_from_iterator(TEXTS * 3, trainer)
    made = json.loads(t.to_str())
    made["added_tokens"] = [a for a in made["added_tokens"] if a["content"] in special]
    made["normalizer"], made["pre_tokenizer"] = normalizer, cuts
    made["post_processor"] = around(first, last, made["model"]["vocab"])
    return made


BASES["albert"] = unigram(["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"], "<unk>", sequence(
    replace("``", '"', "String"), replace("''", '"', "String"), {"type": "NFKD"}, {"type": "StripAccents"},
    {"type": "Lowercase"}, PRE, replace(" {2,}", " ")), SPLIT_META, "[CLS]", "[SEP]")
BASES["deberta-v2"] = unigram(["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"], "[UNK]", sequence(
    {"type": "Strip", "strip_left": True, "strip_right": True}, PRE, replace(" {2,}", " ")), META, "[CLS]", "[SEP]")
BASES["t5"] = unigram(["<pad>", "</s>", "<unk>"] + [f"<extra_id_{i}>" for i in range(99, -1, -1)], "<unk>", sequence(
    PRE, {"type": "Strip", "strip_left": False, "strip_right": True}, replace(" {2,}", "▁")), META, None, "</s>")
BASES["camembert"] = unigram(
    ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED", "<s>", "</s>", "<mask>"], "<unk>",
    sequence(PRE, replace(" {2,}", "▁")), META, "<s>", "</s>")
BASES["xlm-roberta"] = unigram(["<s>", "<pad>", "</s>", "<unk>", "<mask>"], "<unk>", sequence(PRE, replace(" {2,}", "▁")),
                               META, "<s>", "</s>")
BASES["llama"] = bpe(["<unk>", "<s>", "</s>"], sequence({"type": "Prepend", "prepend": "▁"}, replace(" ", "▁", "String")),
                     None, "<s>", "</s>")
BASES["gemma"] = bpe(["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"], replace(" ", "▁", "String"),
                     {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False},
                     "<bos>", "<eos>")
voc = list(BASES["bert_uncased"]["model"]["vocab"])
BASES["mpnet"] = copy.deepcopy(BASES["bert_uncased"])
words = ["<s>", "<pad>", "</s>", "<unk>"] + [w for w in voc if not w.startswith("[")] + ["[UNK]", "<mask>"]
BASES["mpnet"]["model"].update(vocab={w: i for i, w in enumerate(words)}, unk_token="[UNK]")
BASES["mpnet"]["added_tokens"] = [
    {"id": words.index(t), "content": t, "single_word": False, "lstrip": t == "<mask>", "rstrip": False, "normalized": False,
     "special": True} for t in ("<s>", "<pad>", "</s>", "[UNK]", "<mask>")]
BASES["mpnet"]["post_processor"] = {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0],
                                    "trim_offsets": True, "add_prefix_space": False}
for base in BASES.values():
    base["truncation"] = base["padding"] = None

CASES = []


def case(name, base, config=None, parts=None, model=None, refused=None, changes=None, **files):
    """config: model_type, or all of config.json; parts: of tokenizer.json, to be replaced; refused: the part named;
    changes: parts that have to be others in the fingerprint"""
    of = files.pop("of", None)
    config_json = config if isinstance(config, dict) else {"model_type": config} if config else None
    CASES.append({"name": name, "base": base, "config": config_json, "parts": parts or {}, "model": model or {},
                  "tokenizer_config": of, "files": {f.replace("__", "."): v for f, v in files.items()},
                  "refused": refused, "changes": changes or []})


def bert(**keys):
    return dict({"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
                 "lowercase": True}, **keys)


N, P, A = "normalizer", "pre_tokenizer", "added_tokens"
cased = dict(changes=[N])
# 1. Keys that are not there have the class's defaults.
case("cased, no tokenizer_config.json", "bert_cased", "bert", **cased)
case("cased, nothing but the class", "bert_cased", "bert", of={"tokenizer_class": "BertTokenizer"}, **cased)
case("cased, nothing but a length", "bert_cased", "bert", of={"max_len": 512}, **cased)
case("cased, DistilBERT", "bert_cased", "distilbert", **cased)
case("cased, ELECTRA", "bert_cased", "electra", of={"tokenizer_class": "ElectraTokenizerFast"}, **cased)
case("cased, said so", "bert_cased", "bert", of={"do_lower_case": False})
case("cased, as it stands", "bert_cased", "bert", of={"tokenizer_class": "PreTrainedTokenizerFast"})
case("cased, as it stands, with the key", "bert_cased", "bert",
     of={"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": True})
case("cased, rules of the file with BERT's special tokens", "bert_cased", "convbert",
     of={"tokenizer_class": "ConvBertTokenizer"})
case("uncased", "bert_uncased", "bert")
case("uncased, told otherwise", "bert_uncased", "bert", of={"do_lower_case": False}, changes=[N])
for key in ("strip_accents", "handle_chinese_chars", "clean_text"):
    case(f"file without {key}", "bert_uncased", "bert", parts={N: bert(**{key: False})}, changes=[N])
case("mpnet", "mpnet", "mpnet")
case("mpnet, cased in the file", "mpnet", "mpnet", parts={N: bert(lowercase=False)}, changes=[N])
case("cased, of no known type", "bert_cased", "new_custom", of={"do_lower_case": True})
# 5. The class as AutoTokenizer finds it.
case("class in config.json", "xlm-roberta", {"model_type": "bert", "tokenizer_class": "XLMRobertaTokenizer"})
case("class in config.json, no rules of its own", "xlm-roberta",
     {"model_type": "xlm-roberta", "tokenizer_class": "PreTrainedTokenizerFast"})
case("tokenizer_config.json before config.json", "xlm-roberta",
     {"model_type": "xlm-roberta", "tokenizer_class": "XLMRobertaTokenizer"}, of={"tokenizer_class": "PreTrainedTokenizerFast"})
case("mistral takes the file", "llama", "mistral", of={"tokenizer_class": "LlamaTokenizer"})
case("modernbert takes the file", "roberta", "modernbert", of={"tokenizer_class": "RobertaTokenizer", "add_prefix_space": True})
case("qwen2 has its own class", "qwen3", "qwen2", of={"tokenizer_class": "PreTrainedTokenizerFast"}, parts={N: None},
     refused="normalizer")
case("no such class", "bert_cased", "bert", of={"tokenizer_class": "NoSuchTokenizer"})
# 6. A space before texts.
for cls in ("RobertaTokenizer", "RobertaTokenizerFast", "BartTokenizer", "GPT2Tokenizer"):
    of = {"tokenizer_class": cls, "pad_token": "<pad>"}
    case(f"{cls}, space", "roberta", "roberta", of=dict(of, add_prefix_space=True), changes=[P] if "GPT2" not in cls else [P, A])
    case(f"{cls}, space in the file only", "roberta", "roberta", of=of, changes=[P] if "GPT2" not in cls else [P, A],
         parts={P: {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}})
case("file, space in the config only", "roberta", "roberta", of={"tokenizer_class": "PreTrainedTokenizerFast", "add_prefix_space": True})
case("Qwen2, space", "qwen3", "qwen3", of={"add_prefix_space": True}, changes=[P])
case("XLM-R, no space", "xlm-roberta", "xlm-roberta", of={"add_prefix_space": False}, changes=[N, P])
# 2. Rules that the class makes otherwise than files of transformers 4 have them.
case("DeBERTa, as in 4", "deberta-v2", "deberta-v2", of={"tokenizer_class": "DebertaV2Tokenizer", "do_lower_case": False},
     changes=[N])
case("DeBERTa, small letters", "deberta-v2", "deberta-v2", of={"do_lower_case": True}, changes=[N])
case("DeBERTa, punctuation", "deberta-v2", "deberta-v2", of={"split_by_punct": True}, changes=[N, P])
case("DeBERTa, as it stands", "deberta-v2", "deberta-v2", of={"tokenizer_class": "PreTrainedTokenizerFast"})
case("ALBERT", "albert", "albert")
case("ALBERT, accents kept", "albert", "albert", of={"keep_accents": True}, changes=[N])
case("ALBERT, capital letters", "albert", "albert", of={"do_lower_case": False}, changes=[N])
case("T5", "t5", "t5", of={"tokenizer_class": "T5Tokenizer", "extra_ids": 100})
case("CamemBERT", "camembert", "camembert", of={"tokenizer_class": "CamembertTokenizerFast"}, changes=[A])
case("XLM-R", "xlm-roberta", "xlm-roberta")
case("XLM-R with words split in the file", "xlm-roberta", "xlm-roberta", parts={P: SPLIT_META, N: PRE})
case("Llama, as in 4", "llama", "llama", of={"tokenizer_class": "LlamaTokenizerFast"}, changes=[N, P])
case("Llama, older", "llama", "llama", of={"tokenizer_class": "LlamaTokenizer", "legacy": True}, changes=[N, P])
case("Llama, no space", "llama", "llama", of={"tokenizer_class": "LlamaTokenizer", "add_prefix_space": False}, changes=[N, P])
case("Gemma", "gemma", "gemma3_text", of={"tokenizer_class": "GemmaTokenizer"})
case("Qwen3", "qwen3", "qwen3", of={"tokenizer_class": "Qwen2TokenizerFast"})
# 7. Other parts.
case("no post-processor", "bert_uncased", "bert", parts={"post_processor": None}, refused="post_processor")
case("no post-processor, as it stands", "bert_uncased", "bert", parts={"post_processor": None},
     of={"tokenizer_class": "PreTrainedTokenizerFast"})
case("another first token", "bert_uncased", "bert", of={"cls_token": "[MASK]"}, refused="post_processor")
case("another first token in special_tokens_map.json", "bert_uncased", "bert", refused="post_processor",
     special_tokens_map__json={"cls_token": "[MASK]"})
case("a map that does not count", "bert_uncased", "bert", special_tokens_map__json={"cls_token": "[MASK]"},
     of={"added_tokens_decoder": {str(t["id"]): {k: v for k, v in t.items() if k != "id"}
                                  for t in BASES["bert_uncased"]["added_tokens"]}})
for name, rules in {"one more rule": sequence({"type": "NFKC"}, bert()), "none": None, "small letters only": {"type": "Lowercase"},
                    "NFD": sequence({"type": "NFD"}, {"type": "StripAccents"}, {"type": "Lowercase"})}.items():
    case(f"normalizer: {name}", "bert_uncased", "bert", parts={N: rules}, refused="normalizer")
    case(f"normalizer: {name}, as it stands", "bert_uncased", "bert", parts={N: rules},
         of={"tokenizer_class": "PreTrainedTokenizerFast"})
case("other cuts", "bert_uncased", "bert", parts={P: {"type": "Whitespace"}}, refused="pre_tokenizer")
case("shorter words", "bert_uncased", "bert", model={"max_input_chars_per_word": 3}, refused="max_input_chars_per_word")
case("Qwen2 without NFC", "qwen3", "qwen3", parts={N: None}, refused="normalizer")
case("RoBERTa with NFC", "roberta", "roberta", parts={N: {"type": "NFC"}}, refused="normalizer")
case("merges left out", "roberta", "roberta", model={"ignore_merges": True}, refused="ignore_merges")
case("XLM-R with small letters", "xlm-roberta", "xlm-roberta", parts={N: sequence({"type": "Lowercase"}, PRE)},
     refused="normalizer")
case("ALBERT's class over XLM-R's file", "xlm-roberta", "xlm-roberta", of={"tokenizer_class": "AlbertTokenizer"}, refused="unk_id")
case("Llama's class over bytes", "qwen3", "qwen3", of={"tokenizer_class": "LlamaTokenizerFast"}, refused="normalizer")
case("BERT's class over Unigram", "xlm-roberta", "bert", refused="normalizer")
case("BERT in Japanese", "bert_uncased", "bert", of={"tokenizer_class": "BertJapaneseTokenizer"}, refused="tokenizer.json")
case("a class without recipe", "xlm-roberta", "xlm-roberta", of={"tokenizer_class": "BigBirdTokenizer"}, refused="BigBirdTokenizer")
for cls in ("BertTokenizer", "PreTrainedTokenizerFast"):
    of = {"tokenizer_class": cls, "do_lower_case": True}
    case(f"{cls}, special words", "bert_uncased", "bert", of=dict(of, additional_special_tokens=["hello", "world"]), changes=[A])
    case(f"{cls}, tokens listed", "bert_uncased", "bert", changes=[A], of=dict(of, added_tokens_decoder={
        **{str(t["id"]): {k: v for k, v in t.items() if k != "id"} for t in BASES["bert_uncased"]["added_tokens"]},
        "400": {"content": "wor", "lstrip": False, "rstrip": False, "single_word": False, "normalized": True, "special": False}}))
    case(f"{cls}, added_tokens.json", "bert_uncased", "bert", of=of, changes=[A], added_tokens__json={"ld": 401})
case("fewer special tokens than the class has", "roberta", "roberta", changes=[A],
     parts={A: [t for t in BASES["roberta"]["added_tokens"] if t["content"] != "<mask>"]})


def reference(made):
    """Its ids for every text, or why there are none."""
    with tempfile.TemporaryDirectory() as folder:
        base = copy.deepcopy(BASES[made["base"]])
        base.update(made["parts"])
        base["model"].update(made["model"])
        files = dict(made["files"], **{"tokenizer.json": base})
        for name in ("config", "tokenizer_config"):
            if made[name] is not None:
                files[name + ".json"] = made[name]
        for name, content in files.items():
            with open(f"{folder}/{name}", "w") as file:
                json.dump(content, file)
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
            return {"ids": [tokenizer(text)["input_ids"] for text in TEXTS]}
        except Exception as e:
            return {"fails": f"{type(e).__name__}: {str(e).replace(folder, 'DIR')[:120]}"}


for made in CASES:
    made.update(reference(made))
json.dump({"origin": f"transformers {transformers.__version__}, tokenizers {tokenizers.__version__}, random words; Apache-2.0",
           "texts": TEXTS, "bases": BASES, "cases": CASES}, sys.stdout, ensure_ascii=False)
