package io.embark.spark;

import io.embark.UserError;
import io.embark.embed.Setting;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;

/**
 * The params of {@link TextEmbedder} that say how a GPU is used and what happens when the model
 * fails. Spark finds a param by the public method that returns it, and knows it again by its name.
 *
 * @param <T> the class itself, so that setters can be chained
 */
public abstract class GpuParams<T extends GpuParams<T>> extends Transformer {
  private static final long serialVersionUID = 1;

  private final String uid;

  GpuParams(String uid) {
    this.uid = uid;
  }

  final Param<String> text(Setting<?> setting) {
    return new Param<>(uid, setting.paramName(), describe(setting));
  }

  final BooleanParam toggle(Setting<Boolean> setting) {
    return new BooleanParam(uid, setting.paramName(), describe(setting));
  }

  final IntParam number(Setting<Integer> setting) {
    return new IntParam(uid, setting.paramName(), describe(setting));
  }

  private static String describe(Setting<?> setting) {
    return "%s (default: %s)".formatted(setting.description(), setting.defaultInWords());
  }

  /**
   * Sets the param of a setting.
   *
   * @throws UserError if the setting does not take the value
   */
  final T set(Setting<?> setting, Object value) {
    setting.parse(value.toString());
    set(setting.paramName(), value);
    return self();
  }

  @Override
  public String uid() {
    return uid;
  }

  /** This, with its own type. */
  abstract T self();

  public Param<String> padding() {
    return text(Setting.PADDING);
  }

  public T setPadding(String value) {
    return set(Setting.PADDING, value);
  }

  public Param<String> shapeBuckets() {
    return text(Setting.SHAPE_BUCKETS);
  }

  public T setShapeBuckets(String value) {
    return set(Setting.SHAPE_BUCKETS, value);
  }

  public Param<String> onRowError() {
    return text(Setting.ON_ROW_ERROR);
  }

  public T setOnRowError(String value) {
    return set(Setting.ON_ROW_ERROR, value);
  }

  public Param<String> gpuMemoryLimit() {
    return text(Setting.GPU_MEMORY_LIMIT);
  }

  public T setGpuMemoryLimit(String value) {
    return set(Setting.GPU_MEMORY_LIMIT, value);
  }

  public Param<String> gpuArena() {
    return text(Setting.GPU_ARENA);
  }

  public T setGpuArena(String value) {
    return set(Setting.GPU_ARENA, value);
  }

  public BooleanParam gpuTf32() {
    return toggle(Setting.GPU_TF32);
  }

  public T setGpuTf32(boolean value) {
    return set(Setting.GPU_TF32, value);
  }

  public Param<String> gpuConvSearch() {
    return text(Setting.GPU_CONV_SEARCH);
  }

  public T setGpuConvSearch(String value) {
    return set(Setting.GPU_CONV_SEARCH, value);
  }

  public Param<String> gpuTensorrtCache() {
    return text(Setting.GPU_TENSORRT_CACHE);
  }

  public T setGpuTensorrtCache(String value) {
    return set(Setting.GPU_TENSORRT_CACHE, value);
  }

  public BooleanParam gpuTensorrtFp16() {
    return toggle(Setting.GPU_TENSORRT_FP16);
  }

  public T setGpuTensorrtFp16(boolean value) {
    return set(Setting.GPU_TENSORRT_FP16, value);
  }
}
