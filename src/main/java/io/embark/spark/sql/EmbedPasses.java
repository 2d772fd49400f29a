package io.embark.spark.sql;

import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.pooling.Pooling;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.spark.sql.catalyst.expressions.Expression;

/**
 * Divides calls among embedders. Calls with equal settings, but for the pooling, share an embedder
 * and its batches; equal texts are embedded once.
 *
 * @param passes one per embedder
 * @param sources where the vector of each call comes from, in the order of the calls
 */
public record EmbedPasses(List<Pass> passes, List<Source> sources) implements Serializable {

  /**
   * One embedder and its texts.
   *
   * @param constant whether the texts are the same for all rows
   */
  public record Pass(EmbedderConfig config, ArrayList<Expression> texts, boolean constant)
      implements Serializable {}

  /** The place of a vector: which pass, which of its texts, which of its poolings. */
  public record Source(int pass, int text, int pooling) implements Serializable {}

  /** Calls that share an embedder, and the poolings it is asked for. */
  private record Group(ArrayList<Expression> texts, TreeSet<Pooling> poolings) {}

  /** The key that calls must have in common to share an embedder. */
  private record Shared(EmbedderConfig config, boolean constant) {
    /** Calls that differ in pooling share one: it makes all of them in one pass. */
    static Shared of(EmbedText call) {
      return new Shared(pooled(call.config, "mean"), call.text.foldable());
    }

    Pass pass(Group group) {
      String poolings =
          group.poolings.stream().map(Pooling::label).collect(Collectors.joining(","));
      return new Pass(pooled(config, poolings), group.texts, constant);
    }

    /** Poolings that are joined into one vector stay as they are. */
    private static EmbedderConfig pooled(EmbedderConfig config, String poolings) {
      return config.get(Setting.CONCAT)
          ? config
          : config.toBuilder()
              .set(Setting.POOLING, poolings, config.origin(Setting.POOLING))
              .build();
    }
  }

  static EmbedPasses of(List<EmbedText> calls) {
    Map<Shared, Group> groups = new LinkedHashMap<>();
    for (EmbedText call : calls) {
      Group group =
          groups.computeIfAbsent(
              Shared.of(call), shared -> new Group(new ArrayList<>(), new TreeSet<>()));
      group.poolings.addAll(call.config.get(Setting.POOLING));
      if (place(group.texts, call.text) < 0) {
        group.texts.add(call.text);
      }
    }
    ArrayList<Pass> passes = new ArrayList<>();
    groups.forEach((shared, group) -> passes.add(shared.pass(group)));
    List<Shared> order = List.copyOf(groups.keySet());
    ArrayList<Source> sources = new ArrayList<>();
    for (EmbedText call : calls) {
      Shared shared = Shared.of(call);
      Group group = groups.get(shared);
      Pooling first = call.config.get(Setting.POOLING).get(0);
      int pooling = call.config.get(Setting.CONCAT) ? 0 : group.poolings.headSet(first).size();
      sources.add(new Source(order.indexOf(shared), place(group.texts, call.text), pooling));
    }
    return new EmbedPasses(passes, sources);
  }

  private static int place(List<Expression> texts, Expression text) {
    for (int i = 0; i < texts.size(); i++) {
      // What is not deterministic equals nothing, not even itself.
      if (texts.get(i) == text || texts.get(i).semanticEquals(text)) {
        return i;
      }
    }
    return -1;
  }
}
