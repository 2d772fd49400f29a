package io.embark.spark;

import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.Expression;

/**
 * Which texts go through which embedder, and where the vector of each call is then found. Calls
 * with equal settings share an embedder and its batches; equal texts are embedded once.
 *
 * @param passes one per embedder
 * @param sources where the vector of each call comes from, in the order of the calls
 */
record EmbedPasses(List<Pass> passes, List<Source> sources) implements Serializable {

  /**
   * One embedder and its texts.
   *
   * @param constant whether the texts are the same for all rows
   */
  record Pass(EmbedderConfig config, ArrayList<Expression> texts, boolean constant)
      implements Serializable {}

  /** The place of a vector: which pass, which of its texts, which of its poolings. */
  record Source(int pass, int text, int pooling) implements Serializable {}

  /** What calls must agree on to share an embedder. */
  private record Shared(EmbedderConfig config, boolean constant) {
    /** Calls that differ in pooling share one too, once an embedder can do several poolings. */
    static Shared of(EmbedText call) {
      return new Shared(call.config(), call.isConstant());
    }

    /** The settings of the shared embedder. */
    EmbedderConfig withPoolings(List<String> poolings) {
      return config.toBuilder()
          .set(Setting.POOLING, String.join(",", poolings), config.origin(Setting.POOLING))
          .build();
    }
  }

  private record Group(ArrayList<Expression> texts, List<String> poolings) {}

  static EmbedPasses of(List<EmbedText> calls) {
    Map<Shared, Group> groups = new LinkedHashMap<>();
    ArrayList<Source> sources = new ArrayList<>();
    for (EmbedText call : calls) {
      Shared shared = Shared.of(call);
      Group group =
          groups.computeIfAbsent(shared, s -> new Group(new ArrayList<>(), new ArrayList<>()));
      int pass = List.copyOf(groups.keySet()).indexOf(shared);
      int text = place(group.texts(), call.text());
      int pooling = group.poolings().indexOf(call.config().text(Setting.POOLING));
      if (pooling < 0) {
        pooling = group.poolings().size();
        group.poolings().add(call.config().text(Setting.POOLING));
      }
      sources.add(new Source(pass, text, pooling));
    }
    ArrayList<Pass> passes = new ArrayList<>();
    groups.forEach(
        (shared, group) ->
            passes.add(
                new Pass(shared.withPoolings(group.poolings()), group.texts(), shared.constant())));
    return new EmbedPasses(passes, sources);
  }

  private static int place(List<Expression> texts, Expression text) {
    for (int i = 0; i < texts.size(); i++) {
      if (texts.get(i).semanticEquals(text)) {
        return i;
      }
    }
    texts.add(text);
    return texts.size() - 1;
  }
}
