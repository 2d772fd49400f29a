package io.embark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.embark.model.store.ModelStore;
import io.embark.onnx.FaultyEncoder;
import io.embark.testing.Embeddings;
import io.embark.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What streams and calls do with the cores of this JVM. */
@Timeout(60)
class CoresTest {
  /** More than other tests can have left taken. */
  private static final int MANY = 1_000;

  /** Each a batch, by the token budget. */
  private static final List<String> TEXTS = List.of("a", "a a", "a a a", "a a a a");

  @TempDir static Path model;

  @BeforeAll
  static void write() {
    TinyModels.graph().hiddenSize(4).writeDirectory(model);
  }

  private int freeBefore;

  @BeforeEach
  void manyCores() {
    Cores.limit(MANY);
    freeBefore = free();
  }

  @AfterEach
  void thoseOfTheMachine() {
    Cores.limit(Runtime.getRuntime().availableProcessors());
  }

  private static List<float[]> embed(Embedder embedder) {
    return Embeddings.of(embedder, TEXTS).stream().map(Embedding::vector).toList();
  }

  private static Embedder open(EmbedderConfig.Builder config, Runnable atModel) throws IOException {
    return Embedder.open(
        config.build(),
        ModelStore.ofThisHost(new Configuration()),
        0,
        session ->
            new FaultyEncoder(
                session,
                batch -> {
                  atModel.run();
                  return null;
                }));
  }

  private static EmbedderConfig.Builder config() {
    return EmbedderConfig.of(model.toString()).toBuilder().tokenBudget(6);
  }

  @Test
  void aStreamAloneRunsBatchesOnTheOtherCoresAndVectorsAreTheSameToTheBit() throws IOException {
    CyclicBarrier all = new CyclicBarrier(TEXTS.size());
    try (Embedder embedder = open(config(), () -> meet(all));
        Embedder plain = Embedder.open(config().build())) {
      // Not one batch goes through before all of them are at the model.
      assertThat(embed(embedder).toArray(float[][]::new)).isDeepEqualTo(plain.embed(TEXTS));
    }
    assertThat(free()).isEqualTo(freeBefore);
  }

  @Test
  void soDoesACallWithAListOfTexts() throws IOException {
    CyclicBarrier all = new CyclicBarrier(TEXTS.size());
    try (Embedder embedder = open(config(), () -> meet(all));
        Embedder plain = Embedder.open(config().build())) {
      float[][] oneByOne = new float[TEXTS.size()][];
      for (int text = 0; text < oneByOne.length; text++) {
        oneByOne[text] = plain.embed(List.of(TEXTS.get(text)))[0];
      }
      assertThat(embedder.embed(TEXTS)).isDeepEqualTo(oneByOne);
    }
    assertThat(free()).isEqualTo(freeBefore);
  }

  @Test
  void aSessionWithThreadsOfItsOwnHasThoseAlready() throws IOException {
    Set<Thread> threads = Collections.synchronizedSet(new HashSet<>());
    try (Embedder embedder =
        open(config().intraOpThreads(2), () -> threads.add(Thread.currentThread()))) {
      assertThat(embed(embedder)).hasSameSizeAs(TEXTS);
    }
    assertThat(threads).hasSize(1);
  }

  @Test
  void coresComeBackWhenTheModelFails() throws IOException {
    try (Embedder embedder =
        open(
            config(),
            () -> {
              throw new IllegalStateException("broken");
            })) {
      assertThatThrownBy(() -> embed(embedder)).hasMessage("broken");
      assertThatThrownBy(() -> embedder.embed(TEXTS)).hasMessage("broken");
    }
    assertThat(free()).isEqualTo(freeBefore);
  }

  @Test
  void thereIsAtLeastOne() {
    assertThatThrownBy(() -> Cores.limit(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("wanted 1 or more");
  }

  private static int free() {
    int free = 0;
    while (Cores.OF_THIS_JVM.borrow()) {
      free++;
    }
    for (int i = 0; i < free; i++) {
      Cores.OF_THIS_JVM.giveBack();
    }
    return free;
  }

  private static void meet(CyclicBarrier barrier) {
    try {
      barrier.await(20, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
