package io.embark.staticmodel;

import io.embark.UserError;
import io.embark.model.SafeTensors;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * One vector for each token id.
 *
 * @param values row-major {@code [rows, dim]}; of a file in float32 a view of the file
 */
record StaticMatrix(FloatBuffer values, int rows, int dim) {
  /** As sentence-transformers and as model2vec name it; the former wins, as there. */
  private static final List<String> NAMES = List.of("embedding.weight", "embeddings");

  /** Tensors with which model2vec's newer files weight or share rows. */
  private static final Set<String> NOT_A_MEAN = Set.of("weights", "mapping");

  /**
   * @throws IOException if the file cannot be read
   * @throws UserError if it is broken, or not the matrix of a static model
   */
  static StaticMatrix open(Path safetensors) throws IOException {
    SafeTensors file = SafeTensors.open(safetensors);
    for (String tensor : file.names()) {
      if (NOT_A_MEAN.contains(tensor)) {
        throw new UserError(
            ("%s has a tensor '%s', with which model2vec weights or shares the rows of its matrix;"
                    + " Embark takes the plain mean of rows, as sentence-transformers does, which"
                    + " would give other vectors. Save the model without vocabulary quantisation"
                    + " and weights.")
                .formatted(safetensors, tensor));
      }
    }
    // The reader names what there is, if there is neither.
    String name = NAMES.stream().filter(file.names()::contains).findFirst().orElse(NAMES.get(0));
    List<Long> shape = file.shape(name);
    if (shape.size() != 2 || shape.contains(0L)) {
      throw new UserError(
          "%s: tensor '%s' has the shape %s; wanted is a matrix, a row for each token."
              .formatted(safetensors, name, shape));
    }
    FloatBuffer values = file.view(name);
    return new StaticMatrix(values, Math.toIntExact(shape.get(0)), Math.toIntExact(shape.get(1)));
  }

  /** Copies a row to {@code to}, {@code [dim]}. */
  void row(int row, float[] to) {
    values.get(row * dim, to, 0, dim);
  }
}
