package io.embark.onnx.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;

/** Operators of ONNX Runtime's own, beside those of the ONNX standard. */
public final class RuntimeOps {
  public static final String DOMAIN = "com.microsoft";

  private RuntimeOps() {}

  /** Says that the model uses them, unless it does already. */
  public static ModelProto.Builder declare(ModelProto.Builder model) {
    if (model.getOpsetImportList().stream().noneMatch(o -> o.getDomain().equals(DOMAIN))) {
      model.addOpsetImport(OperatorSetIdProto.newBuilder().setDomain(DOMAIN).setVersion(1));
    }
    return model;
  }
}
