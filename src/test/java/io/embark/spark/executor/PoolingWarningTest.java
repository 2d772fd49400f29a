package io.embark.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.embed.EmbedderConfig;
import io.embark.model.ModelDirectory;
import io.embark.model.store.ModelStore;
import io.embark.pooling.Pooling;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A warning for poolings that plain BERT was not trained for, and for nothing else. */
class PoolingWarningTest {
  private final ModelStore store = ModelStore.ofThisHost(new Configuration());

  private static Optional<String> warning(ModelDirectory model, Pooling... poolings) {
    EmbedderConfig config = EmbedderConfig.builder().pooling(poolings).build();
    return ModelFacts.poolingWarning(model, config.resolve(model));
  }

  @Test
  void plainModelsAreWarnedOfForClsAndPooler(@TempDir Path directory) throws IOException {
    TinyModels.graph().hiddenSize(4).writeDirectory(directory);
    ModelDirectory plain = store.open(directory.toString(), null);
    assertThat(warning(plain, Pooling.MEAN, Pooling.MAX)).isEmpty();
    assertThat(warning(plain, Pooling.MEAN, Pooling.CLS, Pooling.POOLER))
        .hasValueSatisfying(
            said -> assertThat(said).contains("cls, pooler", "16.5", "46.4", "Try pooling mean"));
  }

  @Test
  void sentenceModelsAreNot() throws IOException {
    ModelDirectory builtin = store.open("builtin:all-MiniLM-L6-v2", null);
    assertThat(warning(builtin, Pooling.CLS, Pooling.POOLER)).isEmpty();
  }
}
