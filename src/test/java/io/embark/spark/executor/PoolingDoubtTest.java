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
class PoolingDoubtTest {
  private final ModelStore store = ModelStore.ofThisHost(new Configuration());

  private static Optional<String> doubt(ModelDirectory model, Pooling... poolings) {
    EmbedderConfig config = EmbedderConfig.builder().pooling(poolings).build();
    return ModelFacts.poolingWarning(model, config.resolve(model));
  }

  @Test
  void plainModelsAreDoubtedForClsAndPooler(@TempDir Path directory) throws IOException {
    TinyModels.graph().hiddenSize(4).writeDirectory(directory);
    ModelDirectory plain = store.open(directory.toString(), null);
    assertThat(doubt(plain, Pooling.MEAN, Pooling.MAX)).isEmpty();
    assertThat(doubt(plain, Pooling.MEAN, Pooling.CLS, Pooling.POOLER))
        .hasValueSatisfying(
            said -> assertThat(said).contains("cls, pooler", "16.5", "46.4", "Try pooling mean"));
  }

  @Test
  void sentenceModelsAreNot() throws IOException {
    ModelDirectory builtin = store.open("builtin:all-MiniLM-L6-v2", null);
    assertThat(doubt(builtin, Pooling.CLS, Pooling.POOLER)).isEmpty();
  }
}
