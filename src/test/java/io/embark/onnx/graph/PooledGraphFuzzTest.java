package io.embark.onnx.graph;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.embark.onnx.CorruptModels;
import io.embark.onnx.graph.GraphOutput.PooledOutput;
import io.embark.onnx.graph.GraphOutput.TokenStatesOutput;
import io.embark.onnx.graph.PooledGraph.PoolingMask;
import io.embark.pooling.Layers;
import io.embark.pooling.Pooling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever is in a file, it is edited or refused; ONNX Runtime is not asked here. */
class PooledGraphFuzzTest {
  private static final Duration HANGS = Duration.ofSeconds(30);

  private static CorruptModels models;
  private static Path directory;

  @BeforeContainer
  static void prepare() throws IOException {
    models = new CorruptModels();
    directory = Files.createTempDirectory(Path.of("target"), "corrupt");
  }

  @Property(seed = "1")
  void aCorruptModelIsEditedOrRefused(@ForAll long seed) throws IOException {
    Random random = new Random(seed);
    Path file = Files.write(directory.resolve("model.onnx"), models.of(random));
    assertTimeoutPreemptively(HANGS, () -> edit(file));
  }

  private static void edit(Path file) {
    PooledGraph graph;
    try {
      graph = PooledGraph.of(file);
    } catch (IllegalArgumentException e) {
      return;
    }
    List<GraphOutput> wanted = new ArrayList<>();
    wanted.add(PooledOutput.of("mean", Pooling.MEAN));
    if (graph.modelOutputs.pooler().isPresent()) {
      wanted.add(PooledOutput.of("pooler", Pooling.POOLER));
    }
    add(graph, wanted);
    add(graph, List.of(new TokenStatesOutput("states", Layers.of("first+last"))));
    try {
      graph.encoderLayers();
    } catch (IllegalArgumentException e) {
      // Layers that are not recognised.
    }
  }

  private static void add(PooledGraph graph, List<GraphOutput> wanted) {
    for (PoolingMask mask : PoolingMask.values()) {
      try {
        graph.add(wanted, mask);
      } catch (IllegalArgumentException e) {
        // A clear error is as good as a model.
      }
    }
  }
}
