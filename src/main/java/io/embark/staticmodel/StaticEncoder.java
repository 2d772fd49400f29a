package io.embark.staticmodel;

import io.embark.UserError;
import io.embark.batch.Batch;
import io.embark.onnx.Cancellation;
import io.embark.onnx.DeviceChoice;
import io.embark.onnx.Encoder;
import io.embark.onnx.EncodingException;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.PooledModel;
import io.embark.pooling.VectorModule;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * The encoder of a static model: a text's vector is the mean of its tokens' rows in a matrix, in
 * float32; of no tokens it is all zeros. On the CPU only, in plain Java.
 *
 * <p>Nothing native is held: what a closed encoder had mapped goes with its last batch.
 */
public final class StaticEncoder implements Encoder {
  /** Texts after which a batch looks whether it was stopped. */
  private static final int TEXTS_BETWEEN_LOOKS = 64;

  /** Tokens that are summed before their sum is added to that of those before them. */
  private static final int PART = 1024;

  private final Path file;
  private final PooledOutput wanted;
  private final PooledModel.Output output;
  private volatile StaticMatrix matrix;

  private StaticEncoder(Path file, StaticMatrix matrix, PooledOutput wanted) {
    this.file = file;
    this.matrix = matrix;
    this.wanted = wanted;
    int full = VectorModule.outputDim(wanted.modules(), matrix.dim());
    this.output = new PooledModel.Output(wanted.name(), 2, wanted.ending().dim(full));
  }

  /**
   * Maps a static model's matrix into memory.
   *
   * @param safetensors the file with the tensor {@code embedding.weight} or {@code embeddings}
   * @param wanted the mean; cut, then normalised, as of any model
   * @param largestId the largest token id that the model's tokenizer gives
   * @throws IOException if the file cannot be read
   * @throws UserError if it is broken, no static model's, or has too few rows or columns
   */
  public static StaticEncoder open(Path safetensors, PooledOutput wanted, long largestId)
      throws IOException {
    StaticMatrix matrix = StaticMatrix.open(safetensors);
    if (largestId >= matrix.rows()) {
      throw new UserError(
          ("The tokenizer beside %s has token ids up to %d, the matrix has %d rows of %d values;"
                  + " wanted is a row for each token. They are not of one model.")
              .formatted(safetensors, largestId, matrix.rows(), matrix.dim()));
    }
    int full = VectorModule.outputDim(wanted.modules(), matrix.dim());
    if (wanted.ending().truncateDim() > full && wanted.ending().rescale()) {
      throw new UserError(
          "truncate-dim is %d, the vectors of %s have %d values."
              .formatted(wanted.ending().truncateDim(), safetensors, full));
    }
    return new StaticEncoder(safetensors, matrix, wanted);
  }

  @Override
  public <T> T encode(
      Batch batch,
      long[] poolingMask,
      Cancellation cancellation,
      Function<List<FloatBuffer>, T> reader) {
    if (batch.tokens() < batch.paddedTokens()) {
      throw new IllegalArgumentException(
          "A static model takes batches without padding; found %d tokens in %d rows x %d."
              .formatted(batch.tokens(), batch.paddedRows(), batch.length()));
    }
    StaticMatrix open = requireOpen();
    int dim = output.dim();
    int length = batch.length();
    float[] vectors = new float[batch.paddedRows() * dim];
    float[] mean = new float[open.dim()];
    float[] row = new float[open.dim()];
    for (int text = 0; text < batch.paddedRows(); text++) {
      if (text % TEXTS_BETWEEN_LOOKS == 0 && cancellation.isCancelled()) {
        throw EncodingException.cancelled();
      }
      mean(open, batch.inputIds(), text * length, length, row, mean);
      float[] vector = mean;
      for (VectorModule module : wanted.modules()) {
        vector = module.apply(vector);
      }
      System.arraycopy(wanted.ending().apply(vector), 0, vectors, text * dim, dim);
    }
    return reader.apply(List.of(FloatBuffer.wrap(vectors)));
  }

  /**
   * Of the rows of {@code count} ids, in their order, so that a text alone has the same bits. Long
   * texts are summed in parts: one sum of many rows would lose the last digits of each.
   */
  private void mean(
      StaticMatrix from, long[] ids, int first, int count, float[] row, float[] mean) {
    Arrays.fill(mean, 0);
    float[] sum = count > PART ? new float[mean.length] : mean;
    for (int token = 0; token < count; token++) {
      from.row(index(ids[first + token], from), row);
      add(row, sum);
      if (sum != mean && (token % PART == PART - 1 || token == count - 1)) {
        add(sum, mean);
        Arrays.fill(sum, 0);
      }
    }
    for (int i = 0; i < mean.length && count > 0; i++) {
      mean[i] /= count;
    }
  }

  private static void add(float[] values, float[] to) {
    for (int i = 0; i < to.length; i++) {
      to[i] += values[i];
    }
  }

  /** Checked against the tokenizer when the model was opened, but never read what is not there. */
  private int index(long id, StaticMatrix from) {
    if (id < 0 || id >= from.rows()) {
      throw new IllegalStateException(
          "The tokenizer gave the token id %d, the matrix of %s has %d rows."
              .formatted(id, file, from.rows()));
    }
    return (int) id;
  }

  private StaticMatrix requireOpen() {
    StaticMatrix open = matrix;
    if (open == null) {
      throw new IllegalStateException("This encoder has been closed.");
    }
    return open;
  }

  /** There is no session that could break. */
  @Override
  public void check(Cancellation cancellation) {
    requireOpen();
    if (cancellation.isCancelled()) {
      throw EncodingException.cancelled();
    }
  }

  /** False: to fill texts up would only cost. */
  @Override
  public boolean takesPadding() {
    return false;
  }

  @Override
  public List<PooledModel.Output> outputs() {
    return List.of(output);
  }

  @Override
  public DeviceChoice device() {
    return DeviceChoice.CPU;
  }

  @Override
  public void close() {
    matrix = null;
  }
}
