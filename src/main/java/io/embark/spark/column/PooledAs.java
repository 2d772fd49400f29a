package io.embark.spark.column;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * How the vectors of one column were pooled. The metadata of a column that was made together with
 * others holds the choices for all of them, and which vector this one is.
 */
public record PooledAs(String pooling, String layers) {

  public static PooledAs of(JsonNode made) {
    String poolings = made.path("pooling").asText("?");
    String layers = made.path("layers").asText("-1");
    if (made.path("concat").asBoolean(false)) {
      return new PooledAs(poolings + " joined", layers);
    }
    String vector = made.path("vector").asText(poolings);
    if (!layers.contains(",")) {
      return new PooledAs(vector, layers);
    }
    for (String choice : layers.split(",")) {
      for (String pooling : poolings.split(",")) {
        // As VectorLayout names vectors.
        String name = pooling + "_" + choice.replace("-", "minus").replace('+', '_');
        if (name.equals(vector)) {
          return new PooledAs(pooling, choice);
        }
      }
    }
    // The pooler is made of the last layer whatever layers the others are of.
    return new PooledAs(vector, "-1");
  }
}
