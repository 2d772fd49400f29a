"""Writes the small random BERT models of this folder.

    pip install torch transformers onnx onnxscript onnxruntime
    python export_random_bert.py <folder>

A transformers BertModel with random weights, exported by torch.onnx in its usual ways. All files hold
the same weights. `bert-hidden-states-opset14.onnx` exports the state after every layer besides, as
`hidden_states.0` (embedding output) to `hidden_states.4`: the independent truth for the layers that
Embark recognises in the other files by structure. Weights are larger than a fresh model's, so that
layers and tokens differ visibly. Versions that made the committed files are written in README.md.
"""

import argparse
import os
import sys
import warnings

import onnx
import onnxruntime
import torch
import transformers
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions

LAYERS = 4
CONFIG = transformers.BertConfig(
    vocab_size=60,
    hidden_size=16,
    num_hidden_layers=LAYERS,
    num_attention_heads=2,
    intermediate_size=24,
    max_position_embeddings=40,
    attn_implementation="eager",
)


class Bert(torch.nn.Module):
    """Returns a plain tuple, as a script exporting BertModel does."""

    def __init__(self, model, hidden_states=False, pooler=True, token_types=True):
        super().__init__()
        self.model = model
        self.hidden_states = hidden_states
        self.pooler = pooler
        self.token_types = token_types

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        out = self.model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            token_type_ids=token_type_ids,
            output_hidden_states=self.hidden_states,
        )
        outputs = (out.last_hidden_state,)
        outputs += (out.pooler_output,) if self.pooler else ()
        outputs += tuple(out.hidden_states) if self.hidden_states else ()
        return outputs


def random_bert():
    torch.manual_seed(20240607)
    model = transformers.BertModel(CONFIG).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "LayerNorm.weight" in name:
                parameter.normal_(1, 0.2)
            elif "bias" in name:
                parameter.normal_(0, 0.1)
            elif "query" in name or "key" in name:
                parameter.normal_(0, 0.8)
            elif "embeddings" in name:
                parameter.normal_(0, 1)
            else:
                # Small beside the residual, or the tokens of a text become alike.
                parameter.normal_(0, 0.25)
    return model


def export(model, path, opset, dynamo=False, hidden_states=False, pooler=True, token_types=True):
    wrapped = Bert(model, hidden_states, pooler, token_types).eval()
    ids = torch.tensor([[2, 7, 9, 3, 0], [2, 11, 13, 17, 3], [2, 5, 3, 0, 0]])
    inputs = {"input_ids": ids, "attention_mask": (ids != 0).long()}
    if token_types:
        inputs["token_type_ids"] = torch.zeros_like(ids)
    outputs = ["last_hidden_state"]
    outputs += ["pooler_output"] if pooler else []
    outputs += [f"hidden_states.{i}" for i in range(LAYERS + 1)] if hidden_states else []
    arguments = dict(
        input_names=list(inputs), output_names=outputs, opset_version=opset, dynamo=dynamo
    )
    if dynamo:
        batch, length = torch.export.Dim("batch"), torch.export.Dim("sequence", max=40)
        arguments["dynamic_shapes"] = {name: {0: batch, 1: length} for name in inputs}
        arguments["external_data"] = False
    else:
        arguments["dynamic_axes"] = {
            name: {0: "batch"} if name == "pooler_output" else {0: "batch", 1: "sequence"}
            for name in list(inputs) + outputs
        }
    torch.onnx.export(wrapped, tuple(inputs.values()), path, **arguments)
    strip(path)
    check(wrapped, path, inputs)


def strip(path):
    """Removes node names, stack traces and shape notes, which are most of a small file."""
    model = onnx.load(path)
    for node in model.graph.node:
        node.ClearField("name")
        node.ClearField("doc_string")
        del node.metadata_props[:]
    for value in list(model.graph.input) + list(model.graph.output) + list(model.graph.initializer):
        del value.metadata_props[:]
        value.ClearField("doc_string")
    del model.graph.value_info[:]
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    onnx.save(model, path)


def check(wrapped, path, inputs):
    """The exported file gives what the torch model gives, at another shape too."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for repeat in (1, 2):
        feeds = {name: value.repeat(repeat, repeat) for name, value in inputs.items()}
        with torch.no_grad():
            wanted = wrapped(*feeds.values())
        found = session.run(None, {name: value.numpy() for name, value in feeds.items()})
        half = wanted[0].dtype == torch.float16
        for w, f in zip(wanted, found):
            difference = (w.float() - torch.from_numpy(f).float()).abs().max().item()
            assert difference < (5e-2 if half else 1e-4), (path, difference)
    print(f"{os.path.getsize(path):8d} {path}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    folder = parser.parse_args().folder
    warnings.filterwarnings("ignore")
    path = lambda name: os.path.join(folder, name + ".onnx")
    model = random_bert()
    with torch.no_grad():
        export(model, path("bert-hidden-states-opset14"), 14, hidden_states=True)
        export(model, path("bert-opset11"), 11, pooler=False)
        export(model, path("bert-opset14"), 14)
        export(model, path("bert-opset17"), 17, token_types=False)
        export(model, path("bert-dynamo-opset21"), 21, dynamo=True)
        options = FusionOptions("bert")
        options.enable_gelu_approximation = False
        fused = optimizer.optimize_model(
            path("bert-opset14"), "bert", num_heads=2, hidden_size=16, opt_level=0,
            optimization_options=options,
        )
        fused.save_model_to_file(path("bert-opset14-fused"))
        strip(path("bert-opset14-fused"))
        export(random_bert().half(), path("bert-opset14-float16"), 14)
    for library in (torch, transformers, onnx, onnxruntime):
        print(library.__name__, library.__version__)


main()
