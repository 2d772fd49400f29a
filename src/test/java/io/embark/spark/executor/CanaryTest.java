package io.embark.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.embed.Embedder;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.onnx.Device;
import io.embark.pooling.Norm;
import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.sql.EmbedPasses;
import io.embark.spark.sql.EmbedTextTask;
import io.embark.spark.sql.SqlEmbeddingMetrics;
import io.embark.testing.LocalSpark;
import io.embark.testing.Poolings;
import io.embark.testing.SpoiltModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.unsafe.types.UTF8String;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.collection.JavaConverters;

class CanaryTest {
  @TempDir Path directory;

  private static EmbedderConfig on(String model) {
    return EmbedderConfig.of(model).toBuilder().device(Device.CPU).build();
  }

  @Test
  void theDefaultModelGivesTheReferenceVectorsOfEveryPooling() throws IOException {
    for (Norm norm : Norm.values()) {
      EmbedderConfig config =
          on("builtin:all-MiniLM-L6-v2").toBuilder()
              .pooling(Poolings.ofBert())
              .normalize(norm)
              .build();
      try (Embedder embedder = Embedder.open(config)) {
        Canary canary = Canary.of(embedder);
        assertThat(canary.origin()).isEqualTo("the shipped reference");
        assertThat(canary.read(embedder).within()).isTrue();
      }
    }
  }

  @Test
  void whatTheReferenceDoesNotHoldIsComparedWithTheDriver() throws IOException {
    EmbedderConfig config = on("builtin:all-MiniLM-L6-v2").toBuilder().truncateDim(64).build();
    try (Embedder embedder = Embedder.open(config)) {
      Canary canary = Canary.of(embedder);
      assertThat(canary.origin()).isEqualTo("the driver's");
      assertThat(canary.require(embedder)).isSameAs(embedder);
    }
  }

  /** The file knows nothing of settings that came after it. */
  @Test
  void theReferenceIsOnlyForSettingsThatItWasMadeWith() throws IOException {
    EmbedderConfig plain;
    try (Embedder embedder = Embedder.open(on("builtin:all-MiniLM-L6-v2"))) {
      plain = embedder.config();
    }
    assertThat(ReferenceVectors.of(plain)).isPresent();
    Map<Setting<?>, String> others =
        Map.ofEntries(
            Map.entry(Setting.LAYERS, "-2"),
            Map.entry(Setting.MODULES, "none"),
            Map.entry(Setting.MODEL_OUTPUT, "other"),
            Map.entry(Setting.CONCAT, "true"),
            Map.entry(Setting.EXCLUDE_SPECIAL_TOKENS, "true"),
            Map.entry(Setting.EXCLUDE_PROMPT, "true"),
            Map.entry(Setting.TRUNCATE_DIM, "8"),
            Map.entry(Setting.RESCALE_TRUNCATED, "false"),
            Map.entry(Setting.PRECISION, "int8"),
            Map.entry(Setting.PROMPT, "query: "),
            Map.entry(Setting.STRIP, "earlier"),
            Map.entry(Setting.MAX_LENGTH, "4"));
    for (Setting<?> setting : Setting.ALL) {
      if (setting.effect() == Setting.Effect.VECTORS
          && setting != Setting.POOLING
          && setting != Setting.NORMALIZE) {
        EmbedderConfig other =
            setting == Setting.PROMPT
                ? plain.toBuilder().promptText(others.get(setting), "test").build()
                : plain.toBuilder().set(setting, others.get(setting), "test").build();
        assertThat(ReferenceVectors.of(other)).as(setting.key()).isEmpty();
        if (setting.defaultText() == null && plain.text(setting) == null) {
          continue;
        }
        assertThat(
                ReferenceVectors.of(
                    plain.toBuilder()
                        .set(
                            setting,
                            setting.defaultText() == null
                                ? plain.text(setting)
                                : setting.defaultText().toUpperCase(Locale.ROOT) + " ",
                            "test")
                        .build()))
            .as(setting.key())
            .isPresent();
      }
    }
  }

  @Test
  void anotherModelIsFoundOutAndDescribed() throws IOException {
    try (Embedder sound = Embedder.open(on(SpoiltModel.sound(directory.resolve("a")).toString()));
        Embedder spoilt =
            Embedder.open(on(SpoiltModel.spoilt(directory.resolve("b")).toString()))) {
      Canary canary = sent(Canary.of(sound));
      assertThatCode(() -> canary.require(sound)).doesNotThrowAnyException();
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> canary.require(spoilt))
            .isInstanceOf(Canary.Drift.class)
            .hasMessageContainingAll(
                "Canary: the driver on cpu", "the driver's vectors", "cosine", "doctor.sh");
      }
    }
  }

  @Test
  void aDistanceMayBeAllowedOrTheCheckLeftOut() throws IOException {
    Path spoilt = SpoiltModel.spoilt(directory.resolve("b"));
    for (String allowed : new String[] {"1", "off", "1e-6"}) {
      EmbedderConfig config =
          on(SpoiltModel.sound(directory.resolve("a")).toString()).toBuilder()
              .set(Setting.CANARY, allowed, "test")
              .build();
      try (Embedder sound = Embedder.open(config);
          Embedder other = Embedder.open(on(spoilt.toString()))) {
        Canary canary = Canary.of(sound);
        if (allowed.equals("1e-6")) {
          assertThatThrownBy(() -> canary.require(other)).isInstanceOf(Canary.Drift.class);
        } else {
          assertThat(canary.require(other)).isSameAs(other);
        }
      }
    }
    assertThatThrownBy(() -> Setting.CANARY.parse("2"))
        .hasMessageContainingAll("canary", "found '2'");
  }

  /** One task of two has a session that drifts. */
  @Test
  void aDriftingTaskEndsTheJob() throws IOException {
    EmbedderConfig soundConfig = on(SpoiltModel.sound(directory.resolve("a")).toString());
    EmbedderConfig spoiltConfig = on(SpoiltModel.spoilt(directory.resolve("b")).toString());
    Canary canary;
    try (Embedder sound = Embedder.open(soundConfig)) {
      canary = Canary.of(sound);
    }
    Dataset<Row> rows = required(canary, spoiltConfig, LocalSpark.texts(2, "one", "two"));
    assertThatThrownBy(
            () -> CanaryWatch.on(LocalSpark.session().sparkContext()).during(rows::collectAsList))
        .isInstanceOf(Canary.Drift.class)
        .hasMessageContainingAll("Canary:", "differ from the driver's vectors");
  }

  @Test
  void sqlFunctionsAskForItBeforeTheFirstRow() throws IOException {
    EmbedderConfig spoilt = on(SpoiltModel.spoilt(directory.resolve("b")).toString());
    Canary canary;
    try (Embedder sound = Embedder.open(on(SpoiltModel.sound(directory.resolve("a")).toString()))) {
      canary = Canary.of(sound);
    }
    Expression text = Literal$.MODULE$.apply(UTF8String.fromString("one"));
    for (boolean constant : new boolean[] {true, false}) {
      EmbedPasses passes =
          new EmbedPasses(
              List.of(new EmbedPasses.Pass(spoilt, new ArrayList<>(List.of(text)), constant)),
              List.of(new EmbedPasses.Source(0, 0, 0)));
      EmbedTextTask task =
          new EmbedTextTask(
              passes,
              List.of(canary),
              ScalaSeq.of(List.of()),
              ScalaSeq.of(List.of()),
              new SqlEmbeddingMetrics(LocalSpark.session().sparkContext()));
      MapPartitionsFunction<Long, String> drifts =
          ids -> {
            try {
              task.apply(JavaConverters.asScalaIterator(List.of(InternalRow.empty()).iterator()));
              return List.of("no drift").iterator();
            } catch (Canary.Drift e) {
              return List.of("drift").iterator();
            }
          };
      assertThat(
              LocalSpark.session()
                  .range(0, 1, 1, 1)
                  .mapPartitions(drifts, Encoders.STRING())
                  .collectAsList())
          .containsExactly("drift");
    }
  }

  private static Dataset<Row> required(Canary canary, EmbedderConfig config, Dataset<Row> rows) {
    return rows.mapPartitions(
        (MapPartitionsFunction<Row, Row>)
            split -> {
              canary.require(ExecutorEmbedders.get(config));
              return split;
            },
        Encoders.row(rows.schema()));
  }

  private static Canary sent(Canary canary) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(canary);
    }
    assertThat(bytes.size()).isLessThan(100_000);
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (Canary) in.readObject();
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }
}
