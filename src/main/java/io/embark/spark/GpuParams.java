package io.embark.spark;

import io.embark.embed.Setting;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;

/**
 * The params of {@link TextEmbedder} that say how a GPU is used and what happens when the model
 * fails.
 *
 * @param <T> the class itself, so that setters can be chained
 */
public abstract class GpuParams<T extends GpuParams<T>> extends Transformer {
  private static final long serialVersionUID = 1;

  private final String uid;
  private final Param<String> padding;
  private final Param<String> shapeBuckets;
  private final Param<String> onRowError;
  private final Param<String> gpuMemoryLimit;
  private final Param<String> gpuArena;
  private final BooleanParam gpuTf32;
  private final Param<String> gpuConvSearch;
  private final Param<String> gpuTensorrtCache;
  private final BooleanParam gpuTensorrtFp16;

  GpuParams(String uid) {
    this.uid = uid;
    padding = text(Setting.PADDING);
    shapeBuckets = text(Setting.SHAPE_BUCKETS);
    onRowError = text(Setting.ON_ROW_ERROR);
    gpuMemoryLimit = text(Setting.GPU_MEMORY_LIMIT);
    gpuArena = text(Setting.GPU_ARENA);
    gpuTf32 = toggle(Setting.GPU_TF32);
    gpuConvSearch = text(Setting.GPU_CONV_SEARCH);
    gpuTensorrtCache = text(Setting.GPU_TENSORRT_CACHE);
    gpuTensorrtFp16 = toggle(Setting.GPU_TENSORRT_FP16);
  }

  final Param<String> text(String name, String description) {
    return new Param<>(uid, name, description);
  }

  final Param<String> text(Setting<?> setting) {
    return text(setting.paramName(), describe(setting));
  }

  final BooleanParam toggle(Setting<?> setting) {
    return new BooleanParam(uid, setting.paramName(), describe(setting));
  }

  final IntParam number(Setting<?> setting) {
    return new IntParam(uid, setting.paramName(), describe(setting));
  }

  private static String describe(Setting<?> setting) {
    return "%s (default: %s)".formatted(setting.description(), setting.defaultInWords());
  }

  @Override
  public String uid() {
    return uid;
  }

  /** This, with its own type. */
  abstract T self();

  public Param<String> padding() {
    return padding;
  }

  /** {@code auto} or {@code always}: whether batches hold texts of different lengths. */
  public T setPadding(String value) {
    Setting.PADDING.parse(value);
    set(padding, value);
    return self();
  }

  public Param<String> shapeBuckets() {
    return shapeBuckets;
  }

  /**
   * {@code auto} (on a GPU), {@code on} or {@code off}: whether shapes of batches are rounded up.
   */
  public T setShapeBuckets(String value) {
    Setting.SHAPE_BUCKETS.parse(value);
    set(shapeBuckets, value);
    return self();
  }

  public Param<String> onRowError() {
    return onRowError;
  }

  /** {@code fail} or {@code null}: what happens when the model fails on a text. */
  public T setOnRowError(String value) {
    Setting.ON_ROW_ERROR.parse(value);
    set(onRowError, value);
    return self();
  }

  public Param<String> gpuMemoryLimit() {
    return gpuMemoryLimit;
  }

  /**
   * The most memory of a GPU that a session's arena takes, e.g. {@code 8g}; {@code none} for all.
   */
  public T setGpuMemoryLimit(String value) {
    Setting.GPU_MEMORY_LIMIT.parse(value);
    set(gpuMemoryLimit, value);
    return self();
  }

  public Param<String> gpuArena() {
    return gpuArena;
  }

  /** {@code same-as-requested} or {@code next-power-of-two}: how a GPU's memory is taken. */
  public T setGpuArena(String value) {
    Setting.GPU_ARENA.parse(value);
    set(gpuArena, value);
    return self();
  }

  public BooleanParam gpuTf32() {
    return gpuTf32;
  }

  /** Whether float32 matrices may be multiplied in TF32. */
  public T setGpuTf32(boolean value) {
    Setting.GPU_TF32.parse(Boolean.toString(value));
    set(gpuTf32, (Object) value);
    return self();
  }

  public Param<String> gpuConvSearch() {
    return gpuConvSearch;
  }

  /** {@code heuristic}, {@code exhaustive} or {@code default}: how cuDNN finds algorithms. */
  public T setGpuConvSearch(String value) {
    Setting.GPU_CONV_SEARCH.parse(value);
    set(gpuConvSearch, value);
    return self();
  }

  public Param<String> gpuTensorrtCache() {
    return gpuTensorrtCache;
  }

  /** Directory on each host where TensorRT keeps compiled engines. */
  public T setGpuTensorrtCache(String value) {
    Setting.GPU_TENSORRT_CACHE.parse(value);
    set(gpuTensorrtCache, value);
    return self();
  }

  public BooleanParam gpuTensorrtFp16() {
    return gpuTensorrtFp16;
  }

  /** Whether TensorRT may compute in float16. */
  public T setGpuTensorrtFp16(boolean value) {
    Setting.GPU_TENSORRT_FP16.parse(Boolean.toString(value));
    set(gpuTensorrtFp16, (Object) value);
    return self();
  }
}
