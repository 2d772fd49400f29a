package io.embark.spark.column;

import io.embark.UserError;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Embedding;
import io.embark.embed.Setting;
import io.embark.pooling.Norm;
import io.embark.post.LinearVectorModel;
import io.embark.spark.executor.ModelFacts;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Maps each vector of a text between model and column by a map fitted before, and scales it after
 * that; the model's side then leaves lengths alone.
 */
public record PostStep(List<LinearVectorModel> maps, Norm norm) implements Serializable {

  /**
   * @throws UserError if the maps are not for these vectors
   */
  public static PostStep of(List<LinearVectorModel> maps, ModelFacts facts) {
    if (maps.size() != facts.vectorNames().size()) {
      throw new UserError(
          "post: found %d fitted maps for %d vectors (%s); wanted is one for each."
              .formatted(
                  maps.size(), facts.vectorNames().size(), String.join(", ", facts.vectorNames())));
    }
    for (int i = 0; i < maps.size(); i++) {
      if (maps.get(i).inputDimension() != facts.dimensions().get(i)) {
        throw new UserError(
            "post: the map for %s (%s) was fitted on vectors of %d values; here they have %d."
                .formatted(
                    facts.vectorNames().get(i),
                    maps.get(i).getOrDefault(maps.get(i).method()),
                    maps.get(i).inputDimension(),
                    facts.dimensions().get(i)));
      }
    }
    return new PostStep(maps, facts.config().get(Setting.NORMALIZE));
  }

  /** The settings that make the vectors which the maps take. */
  public static EmbedderConfig before(EmbedderConfig config) {
    return config.toBuilder().normalize(Norm.NONE).build();
  }

  /** The facts of a model, its vectors having the size that they have after the maps. */
  public ModelFacts after(ModelFacts facts) {
    return new ModelFacts(
        facts.config(),
        facts.vectorNames(),
        maps.stream().map(LinearVectorModel::outputDimension).toList(),
        facts.fingerprint(),
        facts.file(),
        facts.fileHashes(),
        facts.device(),
        facts.canary());
  }

  /** The schema, its vector columns, one for each map, saying what mapped them. */
  public StructType describe(StructType schema, List<String> columns) {
    List<StructField> fields = new ArrayList<>();
    for (StructField field : schema.fields()) {
      int map = columns.indexOf(field.name());
      fields.add(
          map < 0
              ? field
              : ColumnProvenance.with(
                  field, maps.get(map).metadata(field.name(), field.metadata())));
    }
    return new StructType(fields.toArray(StructField[]::new));
  }

  /** The embedding of a text as the column holds it. */
  Embedding apply(Embedding made) {
    if (made.vectors() == null) {
      return made;
    }
    float[][] mapped = new float[maps.size()][];
    for (int i = 0; i < mapped.length; i++) {
      mapped[i] = maps.get(i).apply(made.vector(i));
      norm.apply(mapped[i]);
    }
    return made.with(mapped);
  }
}
