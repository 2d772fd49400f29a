"""sentence-transformers on torch, with the weights of an ONNX file, so that a comparison needs no other download.

about    prints the versions
convert  makes a sentence-transformers folder of an ONNX export of a BERT model, and fails unless it gives the reference
         vectors
embed    embeds a column "text" several times, from Parquet to Parquet, and prints a line when a pass ends
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time

import pyarrow
import sentence_transformers
import torch
import transformers
from pyarrow import parquet
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer

LEAST_COSINE = 0.9999
MAX_LENGTH = 256


def about():
    # Not above, for who embeds is not to pay for it.
    import onnx

    print(
        f"sentence-transformers {sentence_transformers.__version__}, transformers {transformers.__version__},"
        f" torch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()}), Python {platform.python_version()},"
        f" onnx {onnx.__version__}"
    )


def weights_of(onnx_file):
    """Initialisers under their names in transformers."""
    import onnx

    graph = onnx.load(onnx_file).graph
    tensors = {i.name: torch.from_numpy(onnx.numpy_helper.to_array(i).copy()) for i in graph.initializer}
    made_by = {output: node for node in graph.node for output in node.output}
    # The exporter renames a dense layer's matrix, which it stores transposed; the bias added next keeps its name.
    for add in (node for node in graph.node if node.op_type == "Add"):
        for bias, product in (add.input, reversed(add.input)):
            source = made_by.get(product)
            if bias.endswith(".bias") and source is not None and source.op_type == "MatMul":
                tensors[bias.removesuffix("bias") + "weight"] = tensors.pop(source.input[1]).T.contiguous()
    return tensors


def bert(onnx_file):
    weights = weights_of(onnx_file)
    vocabulary, hidden = weights["embeddings.word_embeddings.weight"].shape
    config = transformers.BertConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        num_hidden_layers=sum(name.endswith(".intermediate.dense.weight") for name in weights),
        # The one number that no weight's shape tells. A wrong one gives other vectors, which the check finds.
        num_attention_heads=12,
        intermediate_size=weights["encoder.layer.0.intermediate.dense.weight"].shape[0],
        max_position_embeddings=weights["embeddings.position_embeddings.weight"].shape[0],
    )
    model = transformers.BertModel(config)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    # Positions are counted from 0 by every version; older exports list them among the weights.
    unexpected = [name for name in unexpected if name != "embeddings.position_ids"]
    if missing or unexpected:
        sys.exit(f"{onnx_file}: not a BERT model as wanted; missing: {missing}, not known: {unexpected}")
    return model


def convert(onnx_file, tokenizer_json, references, folder):
    model = bert(onnx_file)
    with tempfile.TemporaryDirectory() as plain:
        model.save_pretrained(plain)
        tokenizer = transformers.BertTokenizerFast(tokenizer_file=tokenizer_json, model_max_length=MAX_LENGTH)
        tokenizer.save_pretrained(plain)
        transformer = Transformer(plain, max_seq_length=MAX_LENGTH)
        pooling = Pooling(model.config.hidden_size, pooling_mode="mean")
        SentenceTransformer(modules=[transformer, pooling, Normalize()]).save(folder)
    with open(references, encoding="utf-8") as lines:
        check(SentenceTransformer(folder, device="cpu"), [json.loads(line) for line in lines])


def check(model, references):
    vectors = model.encode([reference["text"] for reference in references], convert_to_tensor=True)
    wanted = torch.tensor([reference["vector"] for reference in references])
    cosines = torch.nn.functional.cosine_similarity(vectors, wanted)
    worst = int(cosines.argmin())
    # A NaN is not above anything.
    if not cosines[worst] > LEAST_COSINE:
        text = references[worst]["text"]
        sys.exit(f"Other vectors than wanted: cosine {cosines[worst]:.6f}, not above {LEAST_COSINE}, of: {text[:80]}")
    print(f"least cosine {cosines[worst]:.7f} of {len(references)}, {described(model)}")


def described(model):
    attention = model[0].auto_model.config._attn_implementation
    return f"{next(model.parameters()).dtype}, attention {attention}"


def embed(input, output, passes, folder, batch, threads, processes, attention):
    # The processes that are started take the variable; this one has imported torch already.
    os.environ["OMP_NUM_THREADS"] = str(threads // processes)
    torch.set_num_threads(threads)
    chosen = {} if attention == "default" else {"attn_implementation": attention}
    model = SentenceTransformer(folder, device="cpu", model_kwargs=chosen)
    pool = model.start_multi_process_pool(["cpu"] * processes) if processes > 1 else None
    print(described(model), flush=True)
    shutil.rmtree(output, ignore_errors=True)
    os.makedirs(output)
    for _ in range(passes):
        start = time.perf_counter()
        table = parquet.read_table(input)
        vectors = model.encode(table["text"].to_pylist(), batch_size=batch, pool=pool, show_progress_bar=False)
        column = pyarrow.FixedSizeListArray.from_arrays(vectors.ravel(), vectors.shape[1])
        column = column.cast(pyarrow.list_(pyarrow.float32()))
        embedded = table.drop_columns("text").append_column("vector", column)
        # Spark's own description of the columns came with the table, and it would trust that.
        embedded = embedded.replace_schema_metadata()
        parquet.write_table(embedded, os.path.join(output, "vectors.parquet"))
        print(f"embark-pass {time.perf_counter() - start}", flush=True)
    if pool is not None:
        model.stop_multi_process_pool(pool)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("about")
    converting = commands.add_parser("convert")
    converting.add_argument("onnx_file")
    converting.add_argument("tokenizer_json")
    converting.add_argument("references", help='lines of JSON with "text" and "vector"')
    converting.add_argument("folder", help="to write")
    embedding = commands.add_parser("embed")
    embedding.add_argument("input", help="folder of Parquet files")
    embedding.add_argument("output", help="folder to write")
    embedding.add_argument("passes", type=int)
    embedding.add_argument("folder", help="of the model")
    embedding.add_argument("--batch", type=int, default=32)
    embedding.add_argument("--threads", type=int, default=2, help="of all processes together")
    embedding.add_argument("--processes", type=int, default=1)
    embedding.add_argument("--attention", choices=["default", "sdpa", "eager"], default="default")
    arguments = vars(parser.parse_args())
    {"about": about, "convert": convert, "embed": embed}[arguments.pop("command")](**arguments)


# The processes that are started import this file.
if __name__ == "__main__":
    main()
